import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config, Flags } from '../../config/config.ts';
import { SETTINGS, type Setting } from '../../config/settings.ts';
import { PATIENT_MS, readDiscovery } from '../../system/discovery.ts';
import { EXIT, type Terminal } from '../terminal.ts';
import { serveCommand } from './own-command.ts';

/**
 * As long as it has not ended it may still come: a first start compiles changed sources, a busy computer or a virus
 * scanner that reads every file takes minutes.
 */
const PATIENCE_MS = 10 * 60_000;
/** By then people want to know that something happens. */
const SILENT_MS = 10_000;
const LOOK_MS = 100;

/**
 * Starts `hairline serve` with the same flags as a separate process without a window, and waits until it answers.
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
  const began = performance.now();
  let told = false;
  while (performance.now() - began < PATIENCE_MS) {
    // It may be loading its models meanwhile, and answer late.
    const found = await readDiscovery(configDir, PATIENT_MS);
    if (found) {
      terminal.say(
        `Hairline ${found.version} is running at http://127.0.0.1:${found.port}. You can close this window.`,
      );
      return EXIT.ok;
    }
    if (ended) {
      terminal.complain('Hairline could not start. Run "hairline logs" or "hairline serve" to see why.');
      return EXIT.failed;
    }
    if (!told && performance.now() - began > SILENT_MS) {
      terminal.say('Hairline is starting …');
      told = true;
    }
    await delay(LOOK_MS);
  }
  terminal.complain('Hairline does not answer, but is still starting. "hairline status" tells when it runs.');
  return EXIT.failed;
}

/** The command line equivalent of these flags. */
export function flagsToArgs(flags: Flags): string[] {
  return (Object.entries(SETTINGS) as [string, Setting<unknown>][]).flatMap(([key, { flag, name = key }]) => {
    const value = flags[name as keyof Flags];
    if (!flag || value === undefined || value === false) return [];
    return value === true ? [flag] : [flag, String(value)];
  });
}
