import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HostError } from './errors.ts';
import type { Faults } from './faults.ts';
import type { Boundary } from './realm.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

export interface Folders {
  readonly plugin: string;
  readonly data: string;
  readonly temporary: string;
}

/** storage.localFileSystem, as far as the manifest's permission goes: its own folders, pickers, or every file. */
export function createFileSystem(
  host: HostState,
  session: PluginSession,
  folders: Folders,
  onPicker: () => void,
  permission: string = 'plugin',
) {
  const { boundary } = session;
  const entry = (full: string, writable: boolean): unknown =>
    boundary.expose(new Entry(session, full, writable, entry));
  const demand = (...enough: string[]) => {
    if (!enough.includes(permission)) throw new HostError('Permission denied. Manifest entry not found.');
  };
  const keep = (full: string) => {
    const token = `token-${host.tokens.size + 1}`;
    host.tokens.set(token, full);
    return token;
  };
  const own: Record<string, string> = { plugin: folders.plugin, data: folders.data, temp: folders.temporary };
  return boundary.wrapAll({
    getDataFolder: async () => entry(folders.data, true),
    getTemporaryFolder: async () => entry(folders.temporary, true),
    getPluginFolder: async () => entry(folders.plugin, false),
    getFolder: async () => {
      demand('request', 'fullAccess');
      onPicker();
      const full = host.onPickFolder();
      return full === null ? null : entry(full, true);
    },
    getEntryWithUrl: async (url: string) => {
      const [, , place, inside] = /^plugin(-(data|temp))?:\/*(.*)$/.exec(String(url)) ?? [];
      if (inside !== undefined) {
        const within = path.join(own[place ?? 'plugin']!, inside);
        if (!statSync(within, { throwIfNoEntry: false })) throw new HostError(`Could not find an entry of '${url}'`);
        return entry(within, place !== undefined);
      }
      demand('fullAccess');
      const full = pathOf(String(url), host.faults.fileAddress)?.replace(/^\/(?=[a-z]:)/i, '');
      if (!full || !statSync(full, { throwIfNoEntry: false }))
        throw new HostError(`Could not find an entry of '${url}'`);
      return entry(full, true);
    },
    getFileForOpening: async (options: { types?: string[]; allowMultiple?: boolean } = {}) => {
      demand('request', 'fullAccess');
      const picked = host.onPickFile({ purpose: 'open', suggested: null });
      if (picked === null) return options.allowMultiple ? [] : null;
      return options.allowMultiple ? [entry(picked, true)] : entry(picked, true);
    },
    getFileForSaving: async (suggested?: string) => {
      demand('request', 'fullAccess');
      const picked = host.onPickFile({ purpose: 'save', suggested: suggested ?? null });
      return picked === null ? null : entry(picked, true);
    },
    createSessionToken: (file: unknown) => keep(fileOf(boundary, file)),
    createPersistentToken: async (file: unknown) => keep(targetOf(boundary, file).nativePath),
    getEntryForPersistentToken: async (token: string) => {
      const full = host.tokens.get(token);
      if (full === undefined) throw new HostError('The token is not valid.');
      return entry(full, true);
    },
  });
}

function pathOf(url: string, how: Faults['fileAddress']): string | undefined {
  if (how === 'web') {
    const [, place] = /^file:\/\/([^#?]*)/.exec(url) ?? [];
    if (place === undefined) return undefined;
    // `file:///Users`, or `file://computer/share`.
    return unescaped(place.startsWith('/') ? place : `//${place}`);
  }
  const [, place] = /^file:(\/\/?[^/].*)$/.exec(url) ?? [];
  return how === 'path' ? place : unescaped(place?.replace(/[#?].*/, ''));
}

function unescaped(place: string | undefined): string | undefined {
  try {
    return place && decodeURIComponent(place);
  } catch {
    return undefined;
  }
}

/** The file behind an entry that a plugin hands back. */
export function fileOf(boundary: Boundary, entry: unknown): string {
  const target = targetOf(boundary, entry);
  if (!target.isFile) throw new HostError('a file entry is needed', { kind: 'TypeError' });
  return target.nativePath;
}

function targetOf(boundary: Boundary, entry: unknown): Entry {
  const target = boundary.unwrap(entry);
  if (!(target instanceof Entry)) throw new HostError('an entry is needed', { kind: 'TypeError' });
  return target;
}

/** A file or folder entry of localFileSystem, that the plugin may reach. */
class Entry {
  readonly #session: PluginSession;
  readonly #full: string;
  readonly #writable: boolean;
  readonly #make: (full: string, writable: boolean) => unknown;

  constructor(
    session: PluginSession,
    full: string,
    writable: boolean,
    make: (full: string, writable: boolean) => unknown,
  ) {
    this.#session = session;
    this.#full = full;
    this.#writable = writable;
    this.#make = make;
  }

  get name(): string {
    return path.basename(this.#full);
  }
  get nativePath(): string {
    return this.#full;
  }
  /** Also where the file is still to be written. */
  get isFile(): boolean {
    return !this.isFolder;
  }
  get isFolder(): boolean {
    return statSync(this.#full, { throwIfNoEntry: false })?.isDirectory() === true;
  }

  async getEntries(): Promise<unknown[]> {
    return readdirSync(this.#full).map((name) => this.#make(path.join(this.#full, name), this.#writable));
  }

  async getEntry(name: string): Promise<unknown> {
    const full = path.join(this.#full, name);
    if (!statSync(full, { throwIfNoEntry: false })) throw new HostError(`Could not find an entry of '${name}'`);
    return this.#make(full, this.#writable);
  }

  async createFile(name: string, options: { overwrite?: boolean } = {}): Promise<unknown> {
    if (!this.#writable) throw new HostError('The folder is read-only.');
    const full = path.join(this.#full, name);
    if (!options.overwrite && statSync(full, { throwIfNoEntry: false })) throw new HostError('The file exists.');
    writeFileSync(full, '');
    return this.#make(full, true);
  }

  async createFolder(name: string): Promise<unknown> {
    if (!this.#writable) throw new HostError('The folder is read-only.');
    mkdirSync(path.join(this.#full, name));
    return this.#make(path.join(this.#full, name), true);
  }

  async read(options: { format?: string } = {}): Promise<string | ArrayBuffer> {
    const bytes = readFileSync(this.#full);
    return options.format === 'binary' ? this.#session.boundary.bytes(bytes) : bytes.toString('utf8');
  }

  async write(content: unknown): Promise<number> {
    if (!this.#writable) throw new HostError('The file is read-only.');
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as ArrayBuffer);
    writeFileSync(this.#full, bytes);
    return bytes.length;
  }

  async delete(): Promise<number> {
    if (!this.#writable) throw new HostError('The entry is read-only.');
    rmSync(this.#full, { recursive: true });
    return 0;
  }
}
