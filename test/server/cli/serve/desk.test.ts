import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../../server/cli/autostart/starter.ts';
import { createDesk } from '../../../../server/cli/serve/desk.ts';

function desk(platform: NodeJS.Platform, result: RunResult = { code: 0, output: '' }) {
  const commands: string[][] = [];
  const place = { platform, home: '/nowhere', uid: 501, user: 'me', configDir: '/nowhere/config', env: {} };
  const run = async (program: string, args: readonly string[]) => {
    commands.push([program, ...args]);
    return result;
  };
  return { commands, ...createDesk({ logDir: '/logs' }, place, run, null, import.meta.filename ?? __filename) };
}

describe('the desk', () => {
  it('opens the panel and the folder of the log with the programs of the system', async () => {
    const { commands, openLogFolder, openPanelFile, hasPanelFile } = desk('darwin');
    expect(hasPanelFile).toBe(true);
    await openLogFolder();
    await openPanelFile();
    expect(commands).toEqual([
      ['/usr/bin/open', '/logs'],
      ['/usr/bin/open', expect.stringContaining('desk.test')],
    ]);
  });

  it('has no panel for Linux, where there is no Photoshop', () => {
    expect(desk('linux').hasPanelFile).toBe(false);
  });

  it('says what to look for when the panel does not open', async () => {
    const { openPanelFile } = desk('win32', { code: 1, output: 'no program' });
    await expect(openPanelFile()).rejects.toMatchObject({
      code: 'SYSTEM_REFUSED',
      message: expect.stringMatching(/Creative Cloud.*no program/),
    });
  });

  it('asks the system for autostart once in a while only', async () => {
    const { commands, autostart } = desk('win32', { code: 1, output: '' });
    expect([await autostart(), await autostart()]).toEqual([false, false]);
    expect(commands).toHaveLength(1);
  });

  it('switches autostart off without ending the server that it runs in', async () => {
    const { commands, setAutostart } = desk('darwin');
    await setAutostart(false);
    expect(commands.flat()).not.toContain('bootout');
    const linux = desk('linux');
    await linux.setAutostart(false);
    expect(linux.commands.flat()).not.toContain('--now');
  });

  it('says why autostart is refused', async () => {
    const { setAutostart } = desk('linux', { code: 1, output: 'no bus' });
    await expect(setAutostart(true)).rejects.toMatchObject({
      code: 'SYSTEM_REFUSED',
      message: expect.stringContaining('no bus'),
    });
  });
});
