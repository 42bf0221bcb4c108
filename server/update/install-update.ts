import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { extract } from 'tar';
import type { HttpClient } from '../http-client/http-client.ts';
import { explain } from '../registry/download/download-failure.ts';
import { downloadFile } from '../registry/download/http-download.ts';
import { removeParts } from '../registry/download/part-file.ts';
import { type Installation, programOf } from './installation.ts';
import { type Update, UpdateError } from './releases.ts';

const run = promisify(execFile);

/** On a slow disk, with a virus scanner that looks at every file. */
const FIRST_START_MS = 120_000;
/** Room for the packed and the unpacked files, as a multiple of the download. */
const ROOM = 5;

export interface InstallTools {
  http: HttpClient;
  signal: AbortSignal;
  onBytes(done: number, total: number | null): void;
}

/**
 * Downloads a version, checks its size and SHA-256, unpacks it beside the others, and starts it once to see whether it
 * runs here. The version in use stays in use: `choose` changes that. A download that breaks off is resumed by the next.
 * @throws {UpdateError} and the signal's reason
 */
export async function installUpdate(update: Update, installation: Installation, tools: InstallTools): Promise<void> {
  const { folder, platform } = installation;
  const { url, version, bytes, sha256 } = update;
  const { signal } = tools;
  try {
    await mkdir(folder, { recursive: true });
    await installation.clean();
    // Left by an earlier update, and complete.
    if (installation.has(version)) return;
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < bytes * ROOM) throw Object.assign(new Error('too little room'), { code: 'ENOSPC' });
    const packed = await downloadFile(url, path.join(folder, 'package'), { bytes, sha256 }, tools);
    await removeParts(folder, { kept: true });
    await installation.add(version, async (place) => {
      await unpack(packed, place, platform);
      await tryOut(place, platform, version, signal);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UpdateError) throw error;
    throw new UpdateError(`Hairline ${version} was not installed: ${explain(error, folder).reason}.`, { cause: error });
  }
}

/** Files and folders only: no link can lead out of the folder. On macOS by its own program, which keeps signatures. */
async function unpack(packed: Uint8Array, folder: string, platform: string): Promise<void> {
  const isMac = platform.startsWith('darwin');
  const file = path.join(folder, isMac ? 'package.zip' : 'package.tgz');
  await writeFile(file, packed);
  if (isMac) await run('/usr/bin/ditto', ['-x', '-k', file, folder]);
  else {
    await extract({
      file,
      cwd: folder,
      strip: 1,
      strict: true,
      filter: (_name, entry) => 'type' in entry && (entry.type === 'File' || entry.type === 'Directory'),
    });
  }
  await rm(file);
}

async function tryOut(folder: string, platform: string, version: string, signal: AbortSignal): Promise<void> {
  const { node, script } = programOf(folder, platform);
  const { version: named } = JSON.parse(await readFile(path.join(script, '..', '..', '..', 'package.json'), 'utf8'));
  if (named !== version) throw new UpdateError(`The file of Hairline ${version} holds another version: ${named}.`);
  const child = spawn(node, [script, '--version'], {
    stdio: 'ignore',
    windowsHide: true,
    timeout: FIRST_START_MS,
    signal,
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new UpdateError(`Hairline ${version} does not start on this computer (code ${code}).`);
}
