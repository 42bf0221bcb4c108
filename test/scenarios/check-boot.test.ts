import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProbeId } from '../../plugin/check/probe.ts';
import type { HostOptions } from '../../simulator/index.ts';
import { CheckRig, outcomeOf } from './check-driver.ts';
import { createPicture } from './pictures.ts';

let rig: CheckRig;
beforeEach(async () => {
  rig = new CheckRig();
  await rig.server.start();
});
afterEach(() => rig.close());

test('an ordinary Photoshop starts as expected', async () => {
  await rig.open({ faults: { containsTakesNull: true } });
  const report = await rig.check();
  const start: ProbeId[] = ['scriptBase', 'globals', 'radioGroup', 'setEarly checkbox', 'setEarly list', 'columnWidth'];
  for (const id of [...start, 'activeElement', 'panelHooks', 'language'] as const) {
    expect([id, outcomeOf(report, id).expected]).toEqual([id, true]);
  }
  expect(report.facts).toMatchObject({ photoshop: '26.0.0', system: 'win32', language: 'en_US' });
});

describe('tells what differs', () => {
  test.each<[ProbeId, HostOptions, unknown]>([
    ['globals', { textCoding: false }, { missing: ['TextEncoder'] }],
    ['radioGroup', { faults: { choiceEvents: 'item' } }, { target: 'sp-radio', value: 'b', selected: null }],
    ['radioGroup', { faults: { groupKnows: 'nothing' } }, { target: 'sp-radio-group', value: null, selected: null }],
    ['columnWidth', { faults: { columnsShrink: true } }, 4],
    ['language', { faults: { uiLocaleMissing: true } }, { language: 'not told', system: 'win32' }],
    ['scriptBase', { faults: { scriptsGone: true } }, { src: '', resolved: false }],
    ['activeElement', {}, { active: 'null', takesNull: 'TypeError: contains: argument 1 is not a Node' }],
    [
      'activeElement',
      { faults: { focusUntold: true, containsTakesNull: true } },
      { active: 'undefined', takesNull: false },
    ],
    ['setEarly checkbox', { faults: { forgetsEarly: true } }, { before: true, after: false }],
    ['setEarly list', { faults: { forgetsEarly: true } }, { before: 1, after: -1 }],
    ['panelHooks', { faults: { showFirst: true } }, ['show', 'create']],
  ])('%s: %o', async (id, options, seen) => {
    await rig.open(options);
    const outcome = outcomeOf(await rig.check(), id);
    expect([outcome.seen, outcome.expected]).toEqual([seen, false]);
    expect(rig.panel.text('#check-list')).not.toBe('');
    expect(rig.panel.errors).toEqual([]);
  });
});

describe('works the same in a Photoshop', () => {
  test.each<[string, HostOptions['faults']]>([
    ['that shows the panel before it creates it', { showFirst: true }],
    ['that does not tell the focus', { focusUntold: true }],
    ['whose page has lost its scripts', { scriptsGone: true }],
    ['whose boxes forget what is set before they are shown', { forgetsEarly: true }],
  ])('%s', async (_name, faults) => {
    await rig.open({ faults: { ...faults } });
    const docs = ['a', 'b'].map((name) => rig.photoshop.openPixels({ ...createPicture({}), name }));
    rig.panel.click('#batch-choose');
    const boxes = Array.from(rig.panel.document.querySelectorAll('#batch-list sp-checkbox'));
    expect(boxes.map(({ checked }) => checked)).toEqual([true, true]);
    boxes[1]!.setAttribute('id', 'second');
    rig.panel.click('#second');
    rig.panel.click('#batch-start');
    await rig.panel.waitFor(() => rig.panel.text('#batch-status').startsWith('Finished: 1 of 1'), 20_000, 'the batch');
    expect(docs.map((doc) => doc.activeLayers[0]!.mask !== null)).toEqual([true, false]);
    expect(await rig.click()).toMatch(/^done/);
    rig.expectClean();
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
  writeFileSync(file, JSON.stringify({ ...kept, running: 'language' }));
  await rig.reload();
  await rig.panel.showPanel();
  rig.panel.click('#setup-toggle');
  const report = await rig.check();
  expect(outcomeOf(report, 'language').end).toBe('crashed');
  expect(rig.panel.text('#check-list')).toContain('Photoshop closed during the question "language"');
});
