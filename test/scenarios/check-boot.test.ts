import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import type { ProbeKey } from '../../words/panel/keys.ts';
import { CheckRig, outcomeOf } from './check-driver.ts';
import { createPicture } from './pictures.ts';

let rig: CheckRig;
beforeEach(async () => {
  rig = new CheckRig();
  await rig.server.start();
});
afterEach(() => rig.close());

test('an ordinary Photoshop starts as expected', async () => {
  await rig.open();
  const report = await rig.check();
  const start: ProbeKey[] = ['scriptBase', 'globals', 'radioGroup', 'checkedEarly', 'selectedEarly', 'columnWidth'];
  for (const id of [...start, 'panelHooks', 'language', 'storage'] as const) {
    expect([id, outcomeOf(report, id).expected]).toEqual([id, true]);
  }
  expect(report.facts).toMatchObject({ photoshop: '26.0.0', system: 'win32', language: 'en_US' });
});

describe('tells what differs', () => {
  test.each<[ProbeKey, HostOptions, unknown]>([
    ['globals', { textCoding: false }, { missing: ['TextEncoder'] }],
    ['radioGroup', { faults: { choiceEvents: 'item' } }, { target: 'sp-radio', value: 'b', selected: null }],
    ['radioGroup', { faults: { groupKnows: 'nothing' } }, { target: 'sp-radio-group', value: null, selected: null }],
    ['columnWidth', { faults: { columnsShrink: true } }, 4],
    ['language', { faults: { uiLocaleMissing: true } }, { language: 'not told', system: 'win32' }],
  ])('%s: %o', async (id, options, seen) => {
    await rig.open(options);
    const outcome = outcomeOf(await rig.check(), id);
    expect([outcome.seen, outcome.expected]).toEqual([seen, false]);
    expect(rig.panel.text('#check-list')).not.toBe('');
    expect(rig.panel.errors).toEqual([]);
  });
});

test('what the start saw can be saved without a check, and an earlier report stays', async () => {
  await rig.open();
  await rig.panel.waitFor(() => rig.panel.isVisible('#check-save'), 5000, 'the start');
  await rig.save();
  await rig.save();
  expect(readdirSync(rig.folder).sort()).toEqual([
    'hairline-photoshop-check-2.json',
    'hairline-photoshop-check-2.txt',
    'hairline-photoshop-check.json',
    'hairline-photoshop-check.txt',
  ]);
  expect(readFileSync(path.join(rig.folder, 'hairline-photoshop-check.txt'), 'utf8')).toContain('photoshop: "26.0.0"');
});

test('leaves the documents of the user as they were', async () => {
  await rig.open();
  const docs = [rig.photoshop.openPixels(createPicture({})), rig.photoshop.openPixels(createPicture({ depth: 16 }))];
  rig.photoshop.activeDocument = docs[0]!;
  const before = docs.map((doc) => [doc.snapshot(), doc.historyStates.length]);
  await rig.check();
  expect(docs.map((doc) => [doc.snapshot(), doc.historyStates.length])).toEqual(before);
  expect(rig.photoshop.documents).toEqual(docs);
  expect(rig.photoshop.activeDocument).toBe(docs[0]);
  rig.expectClean();
});

test('the menu command tells the same in an alert', async () => {
  await rig.load({ faults: { uiLocaleMissing: true } });
  await rig.panel.invokeCommand('checkPhotoshop');
  expect(rig.photoshop.alerts[0]).toMatch(/^\d+ of \d+ as expected\.\n/);
  expect(rig.photoshop.alerts[0]).toContain('does not tell its language');
});

test('a probe during which Photoshop closed is named, and not asked again', async () => {
  await rig.open();
  await rig.check();
  const file = rig.photoshop.dataFile(rig.panel, 'hairline-photoshop-check.json');
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  expect(kept.running).toBe(null);
  writeFileSync(file, JSON.stringify({ ...kept, running: 'storage' }));
  await rig.reload();
  await rig.panel.showPanel();
  rig.panel.click('#setup-toggle');
  const report = await rig.check();
  expect(outcomeOf(report, 'storage').end).toBe('crashed');
  expect(rig.panel.text('#check-list')).toContain('Photoshop closed during the question "storage"');
});
