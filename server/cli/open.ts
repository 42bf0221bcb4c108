import path from 'node:path';
import type { Command } from 'commander';
import { type Config, loadUserConfig } from '../config/config.ts';
import { type Run, runProgram } from './autostart/starter.ts';
import { findServer } from './matte/connection.ts';
import { startInBackground } from './serve/background.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** The steps outside this program, injectable for tests. */
export interface OpenSteps {
  /** Address of the running server, or null. */
  find(): Promise<string | null>;
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
      exit(await openPage(stepsFor(config, terminal), terminal));
    });
}

function stepsFor(config: Config, terminal: Terminal): OpenSteps {
  return {
    find: () => findServer(config),
    start: () => startInBackground({}, config, terminal),
    run: runProgram,
    platform: process.platform,
    env: process.env,
  };
}

/** @returns the exit code */
export async function openPage({ find, start, run, platform, env }: OpenSteps, terminal: Terminal): Promise<number> {
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
  const [program, ...args] = browserCommand(`${url}/`, platform, env);
  const { code } = await run(program, args);
  if (code === 0) return EXIT.ok;
  terminal.complain(`No browser could be opened. Open ${url}/ in one.`);
  return EXIT.failed;
}

/** What opens an address in the browser of the user's choice. */
export function browserCommand(
  url: string,
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): [program: string, ...args: string[]] {
  if (platform === 'darwin') return ['/usr/bin/open', url];
  if (platform === 'win32') {
    // Not `start` of the shell, to which `&` and `%` mean something.
    const system = path.win32.join(env.SystemRoot ?? 'C:\\Windows', 'System32');
    return [path.win32.join(system, 'rundll32.exe'), 'url.dll,FileProtocolHandler', url];
  }
  return ['xdg-open', url];
}
