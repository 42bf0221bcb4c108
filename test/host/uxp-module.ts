import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Entrypoints } from './entrypoints.ts';
import { HostError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';

export interface Folders {
  readonly plugin: string;
  readonly data: string;
  readonly temporary: string;
}

export interface PluginServices {
  readonly manifest: Manifest;
  readonly entrypoints: Entrypoints;
  readonly folders: Folders;
  /** Survives a reload of the plugin, like everything stored per plugin. */
  readonly secrets: Map<string, Uint8Array>;
  /** What shell.openExternal and openPath were asked to open. */
  readonly opened: string[];
}

/** require('uxp') for one plugin. */
export function uxpModule(host: HostState, session: PluginSession, services: PluginServices) {
  const { boundary } = session;
  const { manifest, entrypoints, secrets, folders } = services;
  const entry = (full: string, writable: boolean): unknown =>
    boundary.expose(new Entry(session, full, writable, entry));
  const localFileSystem = boundary.wrapAll({
    getDataFolder: async () => entry(folders.data, true),
    getTemporaryFolder: async () => entry(folders.temporary, true),
    getPluginFolder: async () => entry(folders.plugin, false),
  });
  const secureStorage = boundary.wrapAll({
    setItem: async (key: string, value: string | Uint8Array) => {
      secrets.set(key, typeof value === 'string' ? Buffer.from(value) : Uint8Array.from(value));
    },
    getItem: async (key: string) => {
      const value = secrets.get(key);
      return value ? boundary.array(value) : null;
    },
    removeItem: async (key: string) => {
      secrets.delete(key);
    },
  });
  return {
    entrypoints: boundary.wrapAll({ setup: (setup: Parameters<Entrypoints['setup']>[0]) => entrypoints.setup(setup) }),
    host: { name: 'Photoshop', version: host.options.version, uiLocale: host.options.uiLocale },
    versions: { uxp: `uxp-${host.atLeast('26.10') ? '9.0.0' : '8.0.1'}`, plugin: manifest.version },
    storage: { localFileSystem, secureStorage, formats: { utf8: 'utf8', binary: 'binary' } },
    shell: shellModule(session, services),
    pluginManager: {
      plugins: new Set([{ id: manifest.id, name: manifest.name, version: manifest.version, enabled: true }]),
    },
    os: { platform: () => host.options.osPlatform },
  };
}

function shellModule(session: PluginSession, { manifest, opened }: PluginServices) {
  const allowed = manifest.requiredPermissions.launchProcess;
  const denied = (what: string) => `Permission denied: ${what} is not listed in launchProcess.`;
  return session.boundary.wrapAll({
    openExternal: async (url: string) => {
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(String(url))?.[1]?.toLowerCase() ?? '';
      if (!allowed?.schemes?.includes(scheme)) return denied(`scheme ${scheme}`);
      opened.push(url);
      return '';
    },
    openPath: async (target: string) => {
      const extension = path.extname(String(target));
      if (!allowed?.extensions?.includes(extension)) return denied(`extension ${extension}`);
      opened.push(target);
      return '';
    },
  });
}

/** A file or folder entry of localFileSystem, inside the plugin's own folders. */
class Entry {
  private readonly session: PluginSession;
  private readonly full: string;
  private readonly writable: boolean;
  private readonly make: (full: string, writable: boolean) => unknown;

  constructor(session: PluginSession, full: string, writable: boolean, make: Entry['make']) {
    this.session = session;
    this.full = full;
    this.writable = writable;
    this.make = make;
  }

  get name(): string {
    return path.basename(this.full);
  }
  get nativePath(): string {
    return this.full;
  }
  get isFile(): boolean {
    return statSync(this.full).isFile();
  }
  get isFolder(): boolean {
    return statSync(this.full).isDirectory();
  }

  async getEntries(): Promise<unknown[]> {
    return readdirSync(this.full).map((name) => this.make(path.join(this.full, name), this.writable));
  }

  async getEntry(name: string): Promise<unknown> {
    const full = path.join(this.full, name);
    if (!statSync(full, { throwIfNoEntry: false })) throw new HostError(`Could not find an entry of '${name}'`);
    return this.make(full, this.writable);
  }

  async createFile(name: string, options: { overwrite?: boolean } = {}): Promise<unknown> {
    if (!this.writable) throw new HostError('The folder is read-only.');
    const full = path.join(this.full, name);
    if (!options.overwrite && statSync(full, { throwIfNoEntry: false })) throw new HostError('The file exists.');
    writeFileSync(full, '');
    return this.make(full, true);
  }

  async createFolder(name: string): Promise<unknown> {
    if (!this.writable) throw new HostError('The folder is read-only.');
    mkdirSync(path.join(this.full, name));
    return this.make(path.join(this.full, name), true);
  }

  async read(options: { format?: string } = {}): Promise<string | ArrayBuffer> {
    const bytes = readFileSync(this.full);
    return options.format === 'binary' ? this.session.boundary.bytes(bytes) : bytes.toString('utf8');
  }

  async write(content: unknown): Promise<number> {
    if (!this.writable) throw new HostError('The file is read-only.');
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as ArrayBuffer);
    writeFileSync(this.full, bytes);
    return bytes.length;
  }

  async delete(): Promise<number> {
    if (!this.writable) throw new HostError('The entry is read-only.');
    rmSync(this.full, { recursive: true });
    return 0;
  }
}
