import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AutostartError, firstLine, type Place, type Run, type Starter } from './starter.ts';
import { readText, writeWithFolder } from './text-file.ts';
import { escapeXml } from './xml.ts';

const LABEL = 'hairline.server';

/** macOS: a LaunchAgent of the user in the GUI session, where the GPU is available. */
export function launchAgent({ home, uid }: Place, run: Run): Starter {
  const file = path.join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`);
  const log = path.join(home, 'Library', 'Logs', 'hairline.log');
  const domain = `gui/${uid}`;
  return {
    name: 'LaunchAgent',
    async on(command) {
      await writeWithFolder(file, renderLaunchAgent(command, log));
      await run('launchctl', ['bootout', `${domain}/${LABEL}`]);
      // The user may have disabled it in System Settings; turning autostart on overrides that.
      await run('launchctl', ['enable', `${domain}/${LABEL}`]);
      for (let attempt = 1; ; attempt++) {
        const { code, output } = await run('launchctl', ['bootstrap', domain, file]);
        if (code === 0) return;
        if (attempt === 5) {
          await rm(file, { force: true });
          throw new AutostartError(`launchctl refused: ${firstLine(output)}`);
        }
        // The agent that was just booted out may still be stopping.
        await delay(attempt * 200);
      }
    },
    async off(keepRunning = false) {
      const was = (await readText(file)) !== null;
      if (!keepRunning) await run('launchctl', ['bootout', `${domain}/${LABEL}`]);
      await rm(file, { force: true });
      return was;
    },
    async state(command) {
      const text = await readText(file);
      if (text === null) return 'off';
      return text === renderLaunchAgent(command, log) ? 'on' : 'outdated';
    },
  };
}

/** Restarted after a crash, but not after `hairline stop` nor when another server is already running. */
export function renderLaunchAgent(command: readonly string[], log: string): string {
  const string = (text: string) => `<string>${escapeXml(text)}</string>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${string(LABEL)}
  <key>ProgramArguments</key>
  <array>
${command.map((part) => `    ${string(part)}`).join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>30</integer>
  <key>ExitTimeOut</key>
  <integer>40</integer>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>StandardOutPath</key>
  ${string(log)}
  <key>StandardErrorPath</key>
  ${string(log)}
</dict>
</plist>
`;
}
