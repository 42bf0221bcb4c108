import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProbeId } from '../../plugin/check/probe.ts';
import type { HostOptions } from '../../simulator/index.ts';
import { CheckRig, outcomeOf } from './check-driver.ts';
import { createMask, expectEllipse } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: CheckRig;
beforeEach(async () => {
  rig = new CheckRig();
  await rig.server.start();
});
afterEach(() => rig.close());

const COMMANDS: ProbeId[] = [
  ...(['failingCommands', 'workingSpaces', 'backgroundId', 'historyCommit', 'historyRollback', 'groupCopies'] as const),
  ...(['clipping', 'copies'] as const),
];

test('an ordinary Photoshop runs commands as expected', async () => {
  await rig.open();
  const report = await rig.check();
  for (const id of COMMANDS) expect(outcomeOf(report, id)).toMatchObject({ id, end: 'answered', expected: true });
  expect(rig.photoshop.alerts).toEqual([]);
});

describe('tells what differs', () => {
  test.each<[HostOptions['faults'], ProbeId[]]>([
    [{ rollbackIgnored: true, backgroundConversionChangesId: true }, ['historyRollback', 'backgroundId']],
    [{ batchPlayThrows: true, insertedJoinsClipping: false }, ['failingCommands', 'clipping']],
    [{ saveFails: 'The disk is full.' }, ['copies']],
    [{ suspendHistoryUnavailable: true }, ['historyCommit', 'historyRollback']],
    [{ newLayersOnTop: true, insertedJoinsClipping: false }, ['clipping']],
    [{ colorSettingsMissing: true }, ['workingSpaces']],
  ])('%o', async (faults, ids) => {
    await rig.open({ faults: { ...faults } });
    const report = await rig.check();
    expect(ids.map((id) => [id, outcomeOf(report, id).expected])).toEqual(ids.map((id) => [id, false]));
    expect(rig.photoshop.documents).toEqual([]);
  });

  test('a group that cannot be read', async () => {
    await rig.open();
    rig.photoshop.onImaging = async (name, _options, run) => {
      if (name === 'getPixels') throw new Error('Not today.');
      return run();
    };
    expect(outcomeOf(await rig.check(), 'groupCopies').expected).toBe(false);
  });

  test('a working space of the user is not named', async () => {
    await rig.open({ workingSpace: 'Monitor of Lena' });
    expect(outcomeOf(await rig.check(), 'workingSpaces').seen).toMatchObject({ workingRGB: 'another' });
  });
});

test.each([false, true])(
  'what a run hears of Actions is in the report, and no step is made for it: refused: %s',
  async (refused) => {
    await rig.open({ faults: { recordActionFails: refused } });
    rig.photoshop.startRecordingAction();
    await rig.check();
    expect(rig.photoshop.stopRecordingAction()).toEqual([]);
    rig.photoshop.openPixels(createPicture({}));
    expect(await rig.click()).toMatch(/^done/);
    const outcome = outcomeOf(await rig.check(), 'recordAction');
    expect([outcome.expected, outcome.seen === 'taken']).toEqual([!refused, !refused]);
  },
);

test('where nothing can be taken back, a layer with a mask is read in a copy after the check', async () => {
  await rig.open({ faults: { rollbackIgnored: true } });
  const grown: number[] = [];
  for (const isChecked of [false, true]) {
    if (isChecked) await rig.check();
    const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
    doc.activeLayers[0]!.mask = { ...createMask(doc), outside: 255 };
    const before = doc.historyStates.length;
    rig.server.onPicture = () => void grown.push(doc.historyStates.length - before);
    rig.panel.click('#mask-subject');
    await rig.panel.waitFor(() => rig.panel.isVisible('#answer-replace'), 5000, 'the question');
    rig.panel.click('#answer-replace');
    await rig.panel.waitFor(() => rig.panel.text('#status').startsWith('Mask added'), 20_000, 'the mask');
    expectEllipse(doc, 'Layer 0');
  }
  expect(grown).toEqual([1, 0]);
  rig.expectClean();
});
