import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Config } from '../../config/config.ts';
import { serveCommand } from '../serve/own-command.ts';
import type { Terminal } from '../terminal.ts';
import { renderBatchFile } from './batch-file.ts';
import { renderShellScript } from './shell-script.ts';

/** Where the panel's Start button looks for the launcher. */
export interface LauncherPlace {
  platform: NodeJS.Platform;
  home: string;
  env: NodeJS.ProcessEnv;
}

/** The panel opens exactly this path: a UXP plugin may open files, but not start programs. */
export function launcherFile({ platform, home }: Pick<LauncherPlace, 'platform' | 'home'>): string {
  const extension = platform === 'darwin' ? 'command' : platform === 'win32' ? 'cmd' : 'sh';
  return path.join(home, '.hairline', `start-hairline.${extension}`);
}

/**
 * Writes a file that starts this installation with the settings of this shell, unless it exists.
 * @throws {Error} when the home folder is not writable
 */
export async function writeLauncher(place: LauncherPlace): Promise<void> {
  const file = launcherFile(place);
  const command = serveCommand(place.env, '--background');
  const text = place.platform === 'win32' ? renderBatchFile(command) : renderShellScript(command);
  if ((await readFile(file, 'utf8').catch(() => null)) === text) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, text, { mode: 0o755 });
}

/** Like `writeLauncher`, for this user; an unwritable home folder does not stop the server. */
export async function refreshLauncher({ launcher }: Config, terminal: Terminal): Promise<void> {
  if (!launcher) return;
  const place = { platform: process.platform, home: os.homedir(), env: process.env };
  try {
    await writeLauncher(place);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    terminal.complain(
      `The panel's Start button will not work: cannot write ${launcherFile(place)} (${code ?? message}).`,
    );
  }
}

/** @returns whether it existed */
export async function removeLauncher(place: Pick<LauncherPlace, 'platform' | 'home'>): Promise<boolean> {
  const file = launcherFile(place);
  const was = (await readFile(file).catch(() => null)) !== null;
  await rm(file, { force: true });
  // Other files in the folder stay.
  await rmdir(path.dirname(file)).catch(() => undefined);
  return was;
}
