import { rm } from 'node:fs/promises';
import path from 'node:path';
import { AutostartError, firstLine, type Place, type Run, type Starter } from './starter.ts';
import { readText, writeWithFolder } from './text-file.ts';
import { escapeXml } from './xml.ts';

/** Windows: a task that runs when this user logs on, in the interactive session, where the GPU is available. */
export function logonTask({ user, env, configDir }: Place, run: Run): Starter {
  const account = env.USERDOMAIN ? `${env.USERDOMAIN}\\${user}` : user;
  // All users share one task folder.
  const name = `Hairline (${user})`;
  const system = env.SystemRoot ?? 'C:\\Windows';
  // Stored, because the output of schtasks cannot be compared with it: order and code page differ.
  const file = path.join(configDir, 'autostart.xml');
  const render = (command: readonly string[]) => renderTask(command, account, system);
  const schtasks = (...args: string[]) => run(path.win32.join(system, 'System32', 'schtasks.exe'), args);
  const exists = async () => (await schtasks('/query', '/tn', name)).code === 0;
  return {
    name: 'logon task',
    async on(command) {
      await writeWithFolder(file, render(command), 'utf16le');
      const { code, output } = await schtasks('/create', '/tn', name, '/xml', file, '/f');
      if (code !== 0) {
        await rm(file, { force: true });
        throw new AutostartError(`The task scheduler refused: ${firstLine(output)}`);
      }
      const started = await schtasks('/run', '/tn', name);
      if (started.code !== 0) throw new AutostartError(`The task does not start: ${firstLine(started.output)}`);
    },
    async off() {
      const was = await exists();
      if (was) {
        const { code, output } = await schtasks('/delete', '/tn', name, '/f');
        if (code !== 0) throw new AutostartError(`The task scheduler refused: ${firstLine(output)}`);
      }
      await rm(file, { force: true });
      return was;
    },
    async state(command) {
      if (!(await exists())) return 'off';
      return (await readText(file, 'utf16le')) === render(command) ? 'on' : 'outdated';
    },
  };
}

/**
 * Begins with a byte order mark, which schtasks requires. A trigger without a user would apply to all users and need an
 * administrator. A console program would open a window that ends the server when closed; a headless console host has
 * none. That host does not pass on exit codes, so no restart on failure is requested.
 */
export function renderTask(command: readonly string[], account: string, system: string): string {
  const user = `<UserId>${escapeXml(account)}</UserId>`;
  const host = path.win32.join(system, 'System32', 'conhost.exe');
  const args = ['--headless', ...command].map(quoteWindows).join(' ');
  return `\ufeff<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Starts Hairline, portrait masks for Photoshop.</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      ${user}
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      ${user}
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXml(host)}</Command>
      <Arguments>${escapeXml(args)}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

/** Follows the C runtime's command-line parsing: backslashes count only before a quote. */
export function quoteWindows(text: string): string {
  if (/^[^\s"]+$/.test(text)) return text;
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;
}
