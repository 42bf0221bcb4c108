import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HOSTS } from '../../plugin/client/server-finder.ts';
import { en } from '../../plugin/ui/strings/en.ts';
import { zh } from '../../plugin/ui/strings/zh.ts';
import { PORTS } from '../../protocol/limits.ts';
import { SUBJECTS } from '../../protocol/matte.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('manifest.json'));
const page = read('plugin/index.html');

test('allows exactly the addresses that the panel probes', () => {
  const probed = HOSTS.flatMap((host) => PORTS.map((port) => `http://${host}:${port}`));
  expect(manifest.requiredPermissions.network).toEqual({ domains: probed });
});

test('has the version of the package', () => {
  expect(manifest.version).toBe(JSON.parse(read('package.json')).version);
});

test('names files that exist', () => {
  const icons = [...manifest.icons, ...manifest.entrypoints[0].icons];
  const files = icons.flatMap(({ path, scale }: { path: string; scale: number[] }) =>
    scale.map((factor) => path.replace('.png', `@${factor}x.png`)),
  );
  for (const file of [manifest.main, ...files])
    expect(existsSync(new URL(`../../${file}`, import.meta.url))).toBe(true);
});

test('can be played before the panel was ever opened, and records its menu commands', () => {
  expect(manifest.host.data).toEqual({ apiVersion: 2, loadEvent: 'startup', enableMenuRecording: true });
});

test('names its commands in both languages, as the panel does', () => {
  const commands = manifest.entrypoints.filter(({ type }: { type: string }) => type === 'command');
  const labels = Object.fromEntries(commands.map(({ id, label }: { id: string; label: object }) => [id, label]));
  // Adobe documents two letters; plugins ship longer keys.
  const both = (english: string, chinese: string) => ({ default: english, zh: chinese, 'zh-CN': chinese });
  expect(labels).toEqual({
    maskSubject: both('Mask Subject', zh.maskSubject),
    maskAllDocuments: both('Mask All Open Documents', zh.batch.start),
  });
});

test('the page has what the panel draws into, and the words it starts with', () => {
  for (const id of ['panel', 'mask-subject', 'cancel', 'subject', 'status', 'hint', 'detail', 'server']) {
    expect(page).toContain(`id="${id}"`);
  }
  expect(page).toContain(`>${en.maskSubject}<`);
  expect(page).toContain(`>${en.cancel}<`);
  expect(page).toContain(`aria-label="${en.subject}"`);
  for (const subject of SUBJECTS) {
    expect(page).toMatch(new RegExp(`<sp-radio value="${subject}"[^>]*>${en.subjects[subject]}<`));
  }
  for (const id of [
    'start',
    'stop',
    'resume',
    'retry',
    'choose',
    'options',
    'redo',
    'save',
    'place',
    'status',
    'list',
  ]) {
    expect(page).toContain(`id="batch-${id}"`);
  }
  for (const text of ['start', 'stop', 'resume', 'retry', 'choose', 'redo', 'noCopies'] as const) {
    expect(page).toContain(`>${en.batch[text]}<`);
  }
  expect(page).toContain('src="dist/main.js"');
  expect(page).toMatch(/<html lang="en">/);
});

test('the page keeps to the CSS that UXP has', () => {
  expect(page).not.toMatch(/\b(gap|grid|transition|animation|font|float|text-transform)\s*:/);
});
