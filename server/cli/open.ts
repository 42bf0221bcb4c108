import type { Command } from 'commander';
import { type Config, loadUserConfig } from '../config/config.ts';
import { PATIENT_MS } from '../system/discovery.ts';
import { VERSION } from '../system/package-root.ts';
import { isNewer } from '../update/version-order.ts';
import { type Run, runProgram } from './autostart/starter.ts';
import { locateServer } from './matte/connection.ts';
import { openCommand } from './open-with.ts';
import { startInBackground } from './serve/background.ts';
import { stopServer } from './serve/stop.ts';
import { EXIT, interruptible, type Terminal } from './terminal.ts';

/** The steps outside this program, injectable for tests. */
export interface OpenSteps {
  /** Address of the running server's page, with a ticket for its controls where that server is the user's own; or null. */
  find(): Promise<string | null>;
  /** The version of that server if it is older than this one, as after an update by hand; else null. */
  findOlder(): Promise<string | null>;
  /** Ends it. @returns the exit code */
  stop(): Promise<number>;
  /** Starts it. @returns the exit code */
  start(): Promise<number>;
  run: Run;
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
}

/** Adds `hairline open`. */
export function registerOpen(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('open')
    .description("start the server unless it is running, and show Hairline's page in the browser")
    .action(async () => {
      const config = loadUserConfig();
      exit(await openPage(openSteps(config, terminal), terminal));
    });
}

export function openSteps(config: Config, terminal: Terminal): OpenSteps {
  return {
    find: () => findPage(config),
    async findOlder() {
      const announced = (await locateServer(config, PATIENT_MS))?.announced;
      return announced && isNewer(VERSION, announced.version) ? announced.version : null;
    },
    stop: () => interruptible((signal) => stopServer(config, terminal, signal)),
    start: () => startInBackground({}, config, terminal),
    run: runProgram,
    platform: process.platform,
    env: process.env,
  };
}

async function findPage(config: Config): Promise<string | null> {
  const found = await locateServer(config, PATIENT_MS);
  if (!found) return null;
  const { url, announced } = found;
  const ask = (token: string) =>
    fetch(`${url}/v1/control/ticket`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(PATIENT_MS),
      redirect: 'error',
    }).catch(() => null);
  const response = announced?.token ? await ask(announced.token) : null;
  if (!response?.ok) return `${url}/`;
  const { ticket } = (await response.json()) as { ticket: string };
  // After the #, which browsers do not send: it gets into no log.
  return `${url}/#ticket=${ticket}`;
}

/** @returns the exit code */
export async function openPage(steps: OpenSteps, terminal: Terminal): Promise<number> {
  const { find, start, run, platform, env } = steps;
  const older = await steps.findOlder();
  if (older) {
    terminal.say(`Hairline ${older} is running. ${VERSION} takes its place.`);
    // One that does not stop is still of use.
    await steps.stop();
  }
  let url = await find();
  if (!url) {
    const code = await start();
    if (code !== EXIT.ok) return code;
    url = await find();
  }
  if (!url) {
    terminal.complain('Hairline started and stopped again. Run "hairline logs" to see why.');
    return EXIT.failed;
  }
  const [program, ...args] = openCommand(url, platform, env);
  const { code } = await run(program, args);
  if (code === 0) return EXIT.ok;
  terminal.complain(`No browser could be opened. Open ${url} in one.`);
  return EXIT.failed;
}
