import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../../../server/system/package-root.ts';
import { startStandInServer } from '../../../fixtures/stand-in.ts';

/**
 * Runs the real thing: it registers, starts, kills and removes a unit of the user who runs the tests. Only where that is
 * wanted: with HAIRLINE_TEST_AUTOSTART=1, a systemd for users and no Hairline among its units.
 */
const wanted = process.env.HAIRLINE_TEST_AUTOSTART === '1' && process.platform === 'linux';
const systemctl = (...args: string[]) => spawnSync('systemctl', ['--user', ...args], { encoding: 'utf8' });
const possible = wanted && systemctl('show-environment').status === 0 && systemctl('cat', 'hairline').status !== 0;
if (!possible)
  console.log('Autostart is not run for real: set HAIRLINE_TEST_AUTOSTART=1 where systemd runs for users.');

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'hairline autostart 100% '));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.skipIf(!possible)(
  'systemd starts it, starts it again after a crash, and forgets it',
  { timeout: 180_000 },
  async () => {
    const free = await startStandInServer({}, { install: false });
    await free.close();
    const env = {
      ...process.env,
      HAIRLINE_PORT: String(free.port),
      HAIRLINE_CONFIG: path.join(home, 'settings'),
      HAIRLINE_CACHE: path.join(home, 'cache'),
      HAIRLINE_LOG_DIR: path.join(home, 'logs'),
      HAIRLINE_LAUNCHER: 'false',
    };
    const bin = path.join(packageRoot, 'server', 'cli', 'bin.mjs');
    const cli = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { env, encoding: 'utf8' });
    const status = () => JSON.parse(cli('status', '--json').stdout) as { running: boolean; url?: string; pid: number };
    const running = async (other = 0) => {
      for (let i = 0; i < 60; i++) {
        const { running, url, pid } = status();
        if (running && url?.endsWith(`:${free.port}`) && pid !== other) return pid;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      throw new Error('it does not run');
    };
    try {
      expect(cli('autostart', 'on')).toMatchObject({ status: 0 });
      const first = await running();
      expect(cli('autostart', 'status')).toMatchObject({ status: 0 });
      process.kill(first, 'SIGKILL');
      const second = await running(first);
      expect(cli('stop')).toMatchObject({ status: 0 });
      expect(systemctl('is-active', 'hairline').stdout.trim()).toBe('inactive');
      expect(second).not.toBe(first);
      expect(cli('autostart', 'on')).toMatchObject({ status: 0 });
      await running(second);
    } finally {
      expect(cli('uninstall', '--yes')).toMatchObject({ status: 0 });
    }
    expect(cli('autostart', 'status')).toMatchObject({ status: 1 });
    expect(systemctl('is-active', 'hairline').stdout.trim()).toBe('inactive');
    for (const folder of ['settings', 'logs']) expect(existsSync(path.join(home, folder))).toBe(false);
  },
);
