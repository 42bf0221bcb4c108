import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { renamePatiently } from '../system/files.ts';
import { starter } from '../system/package-root.ts';
import { isAlive } from '../system/process-alive.ts';
import { isVersion } from './version-order.ts';

/** Which version starts. Missing: the one that was installed first. */
interface Pointer {
  /** The version that was installed first; if another was installed over it, this file no longer counts. */
  base: string;
  version: string;
  previous: string;
}

const POINTER = 'current.json';
/** Followed by the process that fills it. */
const UNFINISHED = /^\.part-(\d+)-/;

/** Node and the script within a version's folder, as the files of a release hold them. */
export function programOf(folder: string, platform: string): { node: string; script: string } {
  const script = ['app', 'server', 'cli', 'bin.mjs'];
  if (platform.startsWith('darwin')) {
    const inside = path.join(folder, 'Hairline.app', 'Contents');
    return { node: path.join(inside, 'MacOS', 'node'), script: path.join(inside, 'Resources', ...script) };
  }
  const node = platform.startsWith('win32') ? 'node.exe' : 'node';
  return { node: path.join(folder, node), script: path.join(folder, ...script) };
}

/**
 * An app with everything inside, and the versions that came after it, each in a folder of its own that appears complete
 * or not at all. One small file says which of them starts, so that a change is one atomic write and no program that runs
 * is ever overwritten. `server/cli/bin.mjs` reads that file and must agree with this class.
 */
export class Installation {
  /** As in the names of release files. */
  readonly platform: string;
  /** The version that was installed first. */
  readonly base: string;
  /** Of the versions. */
  readonly folder: string;
  /** Address of the newest release, of apps that the release workflow has built. */
  readonly releases: string | null;

  constructor(fields: Pick<Installation, 'platform' | 'base' | 'folder' | 'releases'>) {
    this.platform = fields.platform;
    this.base = fields.base;
    this.folder = fields.folder;
    this.releases = fields.releases;
  }

  /** The one that this program belongs to, or null where npm or a checkout brought it. */
  static find(script = starter.script, home = os.homedir()): Installation | null {
    const app = path.resolve(script, '..', '..', '..');
    try {
      const { platform, releases = null } = JSON.parse(readFileSync(path.join(app, 'bundle.json'), 'utf8'));
      const { version: base } = JSON.parse(readFileSync(path.join(app, 'package.json'), 'utf8'));
      // What is added to a Mac app breaks its signature.
      const folder = platform.startsWith('darwin')
        ? path.join(home, 'Library', 'Application Support', 'hairline', 'versions')
        : path.join(app, '..', 'versions');
      return new Installation({ platform, base, folder, releases });
    } catch {
      return null;
    }
  }

  get current(): string {
    return this.#pointer?.version ?? this.base;
  }

  /** The version before, or null. */
  get previous(): string | null {
    const previous = this.#pointer?.previous;
    return previous && this.has(previous) ? previous : null;
  }

  has(version: string): boolean {
    if (version === this.base) return true;
    const { node, script } = programOf(path.join(this.folder, version), this.platform);
    return existsSync(node) && existsSync(script);
  }

  get #pointer(): Pointer | null {
    try {
      const pointer = JSON.parse(readFileSync(path.join(this.folder, POINTER), 'utf8')) as Pointer;
      const isValid = pointer.base === this.base && isVersion(pointer.version) && this.has(pointer.version);
      return isValid ? pointer : null;
    } catch {
      return null;
    }
  }

  /**
   * Adds a version.
   * @param fill writes it into an empty folder and checks it; when it fails, nothing remains
   */
  async add(version: string, fill: (folder: string) => Promise<void>): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const part = await mkdtemp(path.join(this.folder, `.part-${process.pid}-`));
    try {
      await fill(part);
      await flush(part);
      await rm(path.join(this.folder, version), { recursive: true, force: true });
      await renamePatiently(part, path.join(this.folder, version));
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }

  /** From now on this version starts. */
  async choose(version: string): Promise<void> {
    const pointer: Pointer = { base: this.base, version, previous: this.current };
    await mkdir(this.folder, { recursive: true });
    await writeFileAtomic(path.join(this.folder, POINTER), `${JSON.stringify(pointer)}\n`);
  }

  /** Back to a version, for good: the other one does not work. */
  async giveUp(version: string, before: string): Promise<void> {
    await this.choose(before);
    if (isVersion(version) && version !== this.base)
      await rm(path.join(this.folder, version), { recursive: true, force: true });
  }

  /** Removes what a crash left, and versions that are neither the current one nor the one before. */
  async clean(): Promise<void> {
    const kept = [POINTER, this.current, this.previous];
    const names = await readdir(this.folder).catch(() => []);
    const ours = names.filter((name) => !kept.includes(name) && (isVersion(name) || isAbandoned(name)));
    // On Windows a version that still runs stays until the next time.
    for (const name of ours) await rm(path.join(this.folder, name), { recursive: true, force: true }).catch(() => {});
  }

  /** Removes all versions but the one that was installed first. A folder with other files stays. */
  async removeVersions(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => []))
      if (name === POINTER || isVersion(name) || UNFINISHED.test(name))
        await rm(path.join(this.folder, name), { recursive: true, force: true });
    await rmdir(this.folder).catch(() => {});
  }
}

function isAbandoned(name: string): boolean {
  const owner = UNFINISHED.exec(name)?.[1];
  return owner !== undefined && !isAlive(Number(owner));
}

/** To the disk: after a power cut, a folder must not appear that has empty files. */
async function flush(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(path.join(entry.parentPath, entry.name), 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
