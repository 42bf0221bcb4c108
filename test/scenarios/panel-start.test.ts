import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HostOptions, SimulatedPhotoshop } from '../../simulator/index.ts';

const built = fileURLToPath(new URL('../../dist/photoshop', import.meta.url));
let folder: string;
let photoshop: SimulatedPhotoshop;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'hairline-start-'));
  cpSync(built, folder, { recursive: true });
});
afterEach(async () => {
  await photoshop.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: HostOptions = {}) {
  photoshop = new SimulatedPhotoshop({ ports: {}, ...options });
  const panel = await photoshop.loadPlugin(folder);
  await panel.showPanel();
  return panel;
}

test.each(['root', 'page'] as const)('the script loads where addresses are relative to the %s', async (addressBase) => {
  const panel = await open({ addressBase });
  expect(panel.text('#status')).toBe('Ready.');
  expect(panel.errors).toEqual([]);
});

test('a panel whose script is not found says that it is starting, never that it is ready', async () => {
  rmSync(path.join(folder, 'main.js'));
  const panel = await open();
  expect(panel.text('#status')).toBe('Starting…');
});

test.each([
  ['while it loads', (code: string) => code.replace(/require\("os"\)/, 'require("gone")'), "Cannot find module 'gone'"],
  ['when the panel is made', (code: string) => code, 'index.html has no #mask-subject'],
])('what the script throws %s is shown as text to copy', async (when, change, words) => {
  const [script, page] = [path.join(folder, 'main.js'), path.join(folder, 'index.html')];
  const code = readFileSync(script, 'utf8');
  writeFileSync(script, change(code));
  if (when === 'when the panel is made') {
    writeFileSync(page, readFileSync(page, 'utf8').replace('id="mask-subject"', 'id="gone"'));
  } else {
    expect(change(code)).not.toBe(code);
  }
  const panel = await open();
  expect(panel.text('#status')).toBe('Hairline could not start.');
  const field = panel.document.querySelector('#start-failure');
  expect(field?.value).toContain(words);
  expect(panel.isVisible('#start-failure')).toBe(true);
});
