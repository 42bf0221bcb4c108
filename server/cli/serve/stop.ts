import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { PATIENT_MS } from '../../system/discovery.ts';
import { isAlive } from '../../system/process-alive.ts';
import { locateServer } from '../matte/connection.ts';
import { EXIT, interruptible, type Terminal } from '../terminal.ts';
import { GRACE } from './serve.ts';

/** Slightly longer than the server's own grace period. */
const PATIENCE_MS = GRACE + 5_000;
const LOOK_MS = 50;

/** Adds `hairline stop`. */
export function registerStop(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('stop')
    .description('stop the running server; pictures in progress are finished')
    .action(async () => {
      exit(await interruptible((signal) => stopServer(loadUserConfig(), terminal, signal)));
    });
}

/** @returns the exit code: ok also when no server runs, because the goal is reached. */
export async function stopServer(
  config: Config,
  terminal: Terminal,
  signal: AbortSignal,
  patience = PATIENCE_MS,
): Promise<number> {
  const found = await locateServer(config, PATIENT_MS);
  if (!found) {
    terminal.say('Hairline is not running.');
    return EXIT.ok;
  }
  const { url, announced } = found;
  if (!announced?.token) {
    terminal.complain(
      `The server at ${url} was started by another user or with other settings (HAIRLINE_CONFIG). Stop it there.`,
    );
    return EXIT.failed;
  }
  const status = await askToStop(url, announced.token, signal);
  if (status === 401) {
    terminal.complain(`The server at ${url} is not the one in the discovery file. Stop it where it was started.`);
    return EXIT.failed;
  }
  // Any other response (202, 503, a cut connection) means that it is ending, or the wait below will show that it is
  // not.
  const until = performance.now() + patience;
  let told = false;
  while (isAlive(announced.pid)) {
    if (performance.now() > until) {
      terminal.complain(`The server at ${url} (process ${announced.pid}) does not stop.`);
      return EXIT.failed;
    }
    await delay(LOOK_MS, undefined, { signal });
    if (!told && performance.now() > until - patience + 1000) {
      terminal.say('Waiting until the pictures in progress are finished …');
      told = true;
    }
  }
  terminal.say('Hairline has stopped.');
  return EXIT.ok;
}

async function askToStop(url: string, token: string, signal: AbortSignal): Promise<number | null> {
  try {
    const response = await fetch(`${url}/v1/shutdown`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENT_MS)]),
      redirect: 'error',
    });
    return response.status;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
