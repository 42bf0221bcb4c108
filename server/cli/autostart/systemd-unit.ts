import { rm } from 'node:fs/promises';
import path from 'node:path';
import { AutostartError, firstLine, type Place, type Run, type Starter } from './starter.ts';
import { readText, writeWithFolder } from './text-file.ts';

const UNIT = 'hairline.service';

/** Linux: a unit of the user's own systemd. */
export function systemdUnit({ home, env }: Place, run: Run): Starter {
  const folder = path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'systemd', 'user');
  const file = path.join(folder, UNIT);
  const systemctl = (...args: string[]) => run('systemctl', ['--user', ...args]);
  const off = async (keepRunning = false) => {
    const was = (await readText(file)) !== null;
    // Without a running systemd this fails, and only the files are removed.
    await systemctl('disable', ...(keepRunning ? [] : ['--now']), UNIT);
    await rm(file, { force: true });
    await rm(path.join(folder, 'default.target.wants', UNIT), { force: true });
    await systemctl('daemon-reload');
    await systemctl('reset-failed', UNIT);
    return was;
  };
  return {
    name: 'systemd user unit',
    async on(command) {
      const there = await systemctl('show-environment');
      if (there.code !== 0) {
        throw new AutostartError(
          `This system has no systemd user session (${firstLine(there.output)}). Add "hairline serve" to the startup programs of your desktop.`,
        );
      }
      await writeWithFolder(file, renderUnit(command));
      for (const args of [['daemon-reload'], ['enable', UNIT], ['restart', UNIT]]) {
        const { code, output } = await systemctl(...args);
        if (code === 0) continue;
        await off();
        throw new AutostartError(`systemctl refused: ${firstLine(output)}`);
      }
    },
    off,
    async state(command) {
      const text = await readText(file);
      if (text === null) return 'off';
      return text === renderUnit(command) ? 'on' : 'outdated';
    },
  };
}

/**
 * Restarted after a crash, but not after `hairline stop` nor when another server is already running. An update that the page
 * has started goes on after it has ended the server; the process that runs the models ends by itself.
 */
export function renderUnit(command: readonly string[]): string {
  return `[Unit]
Description=Hairline, portrait masks for Photoshop
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
ExecStart=:${startable(command).map(quoteUnit).join(' ')}
Restart=on-failure
RestartSec=10
TimeoutStopSec=40
KillMode=process

[Install]
WantedBy=default.target
`;
}

/** systemd rejects program paths with quotes or backslashes, however escaped; `env` starts them. */
function startable(command: readonly string[]): readonly string[] {
  return /["'\\]/.test(command[0] ?? '') ? ['/usr/bin/env', ...command] : command;
}

/** One word of a command. The colon prefix keeps `$` literal; `%` would expand to a unit property. */
function quoteUnit(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('%', '%%')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a line feed in a path would end the line.
    .replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}
