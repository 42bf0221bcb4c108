import os from 'node:os';
import type { Command } from 'commander';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { refreshLauncher } from '../launcher/launcher.ts';
import { serveCommand } from '../serve/own-command.ts';
import { EXIT, type Terminal } from '../terminal.ts';
import { launchAgent } from './launch-agent.ts';
import { logonTask } from './logon-task.ts';
import { AutostartError, type Place, type Run, runProgram, type Starter } from './starter.ts';
import { systemdUnit } from './systemd-unit.ts';

const ACTIONS = ['on', 'off', 'status'] as const;
export type Action = (typeof ACTIONS)[number];

/** Adds `hairline autostart`. */
export function registerAutostart(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const group = program.command('autostart').description('start the server at logon; no administrator rights needed');
  const sentences = {
    on: 'start it now and at every logon',
    off: 'stop starting it at logon',
    status: 'print the current state; exit code 1 when it is off',
  } as const;
  for (const action of ACTIONS) {
    group
      .command(action)
      .description(sentences[action])
      .action(async () => {
        const config = loadUserConfig();
        if (action === 'on') await refreshLauncher(config, terminal);
        exit(await autostart(action, placeOf(config), terminal, runProgram));
      });
  }
}

export function placeOf({ configDir }: Config): Place {
  const { username, uid, homedir } = currentUser();
  return { platform: process.platform, home: homedir, uid, user: username, configDir, env: process.env };
}

/** In a container the user may be a bare number, of whom the system knows no name. */
function currentUser(): Pick<os.UserInfo<string>, 'username' | 'uid' | 'homedir'> {
  try {
    return os.userInfo();
  } catch {
    const uid = process.getuid?.() ?? -1;
    return { username: process.env.USER ?? String(uid), uid, homedir: os.homedir() };
  }
}

/** @returns the exit code */
export async function autostart(action: Action, place: Place, terminal: Terminal, run: Run): Promise<number> {
  const starter = starterOf(place, run);
  // Quiet: it runs unattended.
  const command = serveCommand(place.env, '--log-level', 'warn');
  try {
    if (action === 'on') {
      await starter.on(command);
      terminal.say(`Autostart is on (${starter.name}): Hairline starts now and at every logon.`);
      return EXIT.ok;
    }
    if (action === 'off') {
      const was = await starter.off();
      const rest = place.platform === 'win32' ? ' A running server continues until "hairline stop".' : '';
      terminal.say(was ? `Autostart is off.${rest}` : 'Autostart was not on.');
      return EXIT.ok;
    }
    const state = await starter.state(command);
    terminal.result(`Autostart is ${state === 'off' ? 'off' : 'on'} (${starter.name}).`);
    terminal.flush();
    if (state === 'outdated') {
      terminal.complain(
        'It starts another installation or uses other settings. Run "hairline autostart on" to update it.',
      );
    }
    return state === 'off' ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof AutostartError)) throw error;
    terminal.complain(error.message);
    return EXIT.failed;
  }
}

export function starterOf(place: Place, run: Run): Starter {
  if (place.platform === 'darwin') return launchAgent(place, run);
  if (place.platform === 'win32') return logonTask(place, run);
  return systemdUnit(place, run);
}
