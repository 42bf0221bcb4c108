import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BACKDROPS } from '../../plugin/session/state.ts';
import { DELIVERIES, MASK_POLICIES, SOURCES } from '../../plugin/settings/settings.ts';
import { REFINEMENTS, SUBJECTS } from '../../protocol/matte.ts';
import { EDGE_SCALES } from '../../words/edge-scales.ts';
import { en } from '../../words/panel/en.ts';
import { zh } from '../../words/panel/zh.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('manifest.json'));
const page = read('plugin/index.html');

test('allows every address, because no list works in every Photoshop', () => {
  expect(manifest.requiredPermissions.network).toEqual({ domains: 'all' });
});

test('may open the launcher of the server, and nothing else', () => {
  expect(manifest.requiredPermissions.launchProcess).toEqual({ schemes: [], extensions: ['.command', '.cmd'] });
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
    checkPhotoshop: both('Check This Photoshop', zh.check.start),
  });
});

/** Elements of the page by their id, as far as they have words. */
const wordsOf = (id: string) =>
  new RegExp(`id="${id}"[^>]*>([^<]+)<`).exec(page)?.[1]?.replace('&amp;', '&') ?? `nothing in #${id}`;

test('the page starts with the words that English has', () => {
  expect(page).toContain('src="main.js"');
  expect(page).toMatch(/<html lang="en">/);
  expect(wordsOf('mask-subject')).toBe(en.maskSubject);
  expect(wordsOf('cancel')).toBe(en.cancel);
  expect(wordsOf('start-server')).toBe(en.setup.start);
  expect(wordsOf('apply-edge')).toBe(en.edge.apply);
  expect(page).toContain(`aria-label="${en.subject}"`);
  for (const subject of SUBJECTS) {
    expect(page).toMatch(new RegExp(`<sp-radio value="${subject}"[^>]*>${en.subjects[subject]}<`));
  }
});

test.each([
  ['source', SOURCES, en.sources],
  ['delivery', DELIVERIES, en.deliveries],
  ['refine', REFINEMENTS, en.refinements],
  ['existingMask', MASK_POLICIES, en.maskPolicies],
  ['backdrop', BACKDROPS, en.backdrops],
] as const)('the list %s has every choice, in order', (id, choices, words: Readonly<Record<string, string>>) => {
  const list = page.slice(page.indexOf(`<sp-dropdown id="${id}"`)).split('</sp-dropdown>')[0]!;
  const items = [...list.matchAll(/<sp-menu-item>([^<]+)</g)].map(([, text]) => text!.replace('&amp;', '&'));
  expect(items).toEqual(choices.map((choice) => words[choice]));
});

test('every edge control has its slider', () => {
  for (const name of Object.keys(EDGE_SCALES)) expect(page).toContain(`<sp-slider id="edge-${name}"`);
});

test('the batch section starts with the words that English has', () => {
  for (const text of ['start', 'stop', 'resume', 'retry', 'choose', 'redo', 'noCopies'] as const) {
    expect(page).toContain(`>${en.batch[text]}<`);
  }
});
