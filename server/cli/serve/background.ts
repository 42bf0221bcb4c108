import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config, Flags } from '../../config/config.ts';
import { SETTINGS, type Setting } from '../../config/settings.ts';
import { readDiscovery } from '../../system/discovery.ts';
import { EXIT, type Terminal } from '../terminal.ts';
import { serveCommand } from './own-command.ts';

/** A first start may still have to build what was changed. */
const PATIENCE_MS = 90_000;
const LOOK_MS = 100;

/**
 * Starts `hairline serve` with the same flags as a process of its own, without a window, and waits until it answers.
 * @returns the exit code
 */
export async function startInBackground(flags: Flags, { configDir }: Config, terminal: Terminal): Promise<number> {
  const [node, ...args] = [...serveCommand({}), ...flagsToArgs(flags)];
  const child = spawn(node!, args, { detached: true, stdio: 'ignore', windowsHide: true });
  let ended = false;
  child.once('error', () => {
    ended = true;
  });
  child.once('exit', () => {
    ended = true;
  });
  child.unref();
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    const found = await readDiscovery(configDir);
    if (found) {
      terminal.say(`Hairline ${found.version} runs at http://127.0.0.1:${found.port}. This window may be closed.`);
      return EXIT.ok;
    }
    if (ended) break;
    await delay(LOOK_MS);
  }
  terminal.complain('Hairline could not start. "hairline logs" says why, and so does "hairline serve".');
  return EXIT.failed;
}

/** The command line that means these flags. */
export function flagsToArgs(flags: Flags): string[] {
  return (Object.entries(SETTINGS) as [string, Setting<unknown>][]).flatMap(([key, { flag, name = key }]) => {
    const value = flags[name as keyof Flags];
    if (!flag || value === undefined || value === false) return [];
    return value === true ? [flag] : [flag, String(value)];
  });
}
