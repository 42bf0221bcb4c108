import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProbeId } from '../../plugin/check/probe.ts';
import type { HostOptions } from '../../simulator/index.ts';
import { CheckRig, outcomeOf } from './check-driver.ts';
import { addPicture, createMask, expectEllipse } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: CheckRig;
beforeEach(async () => {
  rig = new CheckRig();
  await rig.server.start();
});
afterEach(() => rig.close());

const MASKS: ProbeId[] = [
  ...([
    'maskExact 8',
    'maskExact 16',
    'maskExact 32',
    'maskKinds',
    'maskKinds Lab',
    'maskOutside',
    'maskNone',
    'maskFlat',
  ] as const),
  ...(['maskLook', 'selection16', 'maskProfile Gray Gamma 2.2', 'maskProfile Dot Gain 20%, Grayscale'] as const),
];

/** Every fault that the simulator has by default, taken away. */
const KIND: HostOptions['faults'] = { fillLayerMaskErrors: false, labMaskErrors: false };

test('a kind Photoshop takes masks as expected', async () => {
  await rig.open({ faults: { ...KIND } });
  const report = await rig.check();
  for (const id of MASKS) expect(outcomeOf(report, id)).toMatchObject({ id, end: 'answered', expected: true });
});

describe('tells what differs', () => {
  test.each<[HostOptions['faults'], ProbeId[]]>([
    [{}, ['maskKinds', 'maskKinds Lab']],
    [
      { maskZeroBlockTurnsWhite: true, replacedMaskKeepsLook: true },
      ['maskExact 8', 'maskExact 16', 'maskExact 32', 'maskLook'],
    ],
    [
      { reject16BitMask: true, maskOutside: 255, missingMaskErrors: false },
      ['maskExact 16', 'maskOutside', 'maskNone'],
    ],
    [{ maskReadsTrimmed: true, reject16BitSelection: true }, ['maskFlat', 'selection16']],
    [{ groupMaskErrors: true }, ['maskKinds']],
    [
      { maskProfile: 'Dot Gain 20%' },
      ['maskProfile Gray Gamma 2.2', 'maskProfile Gray Gamma 2.2, Grayscale', 'maskExact 8'],
    ],
  ])('%o', async (faults, ids) => {
    await rig.open({ faults: { ...faults } });
    const report = await rig.check();
    expect(ids.map((id) => [id, outcomeOf(report, id).expected])).toEqual(ids.map((id) => [id, false]));
    expect(ids.map((id) => outcomeOf(report, id).end)).toEqual(ids.map(() => 'answered'));
  });
});

/** What Photoshop is asked while a mask is made, before and after the check. */
async function compare(make: () => void, answer?: string): Promise<[string[], string[]]> {
  const calls: string[][] = [];
  for (const isChecked of [false, true]) {
    if (isChecked) await rig.check();
    make();
    const { panel, photoshop } = rig;
    const before = photoshop.calls.length;
    panel.click('#mask-subject');
    if (answer) {
      await panel.waitFor(() => panel.isVisible(answer), 5000, 'the question');
      panel.click(answer);
    }
    const shown = photoshop.activeDocument!;
    await panel.waitFor(() => /added/.test(panel.text('#status')), 20_000, 'the mask');
    if (!answer) expectEllipse(shown, shown.activeLayers[0]!.name);
    calls.push(photoshop.calls.slice(before).map(({ name, failed }) => (failed ? `${name} failed` : name)));
  }
  rig.expectClean();
  return [calls[0]!, calls[1]!];
}

const count = (calls: readonly string[], name: string) => calls.filter((call) => call === name).length;

describe('after the check the panel takes the right road at once', () => {
  test('where zeros turn white, through the selection', async () => {
    await rig.open({ faults: { maskZeroBlockTurnsWhite: true } });
    const [before, after] = await compare(() => rig.photoshop.openPixels(createPicture({ width: 300, height: 200 })));
    expect([count(before, 'putLayerMask'), count(after, 'putLayerMask')]).toEqual([2, 0]);
  });

  test('where values are converted from the usual gray, without a profile', async () => {
    await rig.open({ faults: { maskProfile: 'Dot Gain 20%' } });
    const [before, after] = await compare(() => rig.photoshop.openPixels(createPicture({})));
    expect([count(before, 'putLayerMask'), count(after, 'putLayerMask')]).toEqual([2, 1]);
    const report = await rig.check();
    const error = (name: string) => outcomeOf(report, `maskProfile ${name}`).seen;
    expect(error('Gray Gamma 2.2')).toBeGreaterThan(10);
    expect(error('Dot Gain 20%')).toBe(0);
    expect(report.profile.maskWays[8][0]).toBe('put-plain');
  });

  test('where masks have eight bits, with eight bits', async () => {
    await rig.open({ faults: { reject16BitMask: true } });
    const [before, after] = await compare(() => rig.photoshop.openPixels(createPicture({ depth: 16 })));
    expect([count(before, 'putLayerMask failed'), count(after, 'putLayerMask failed')]).toEqual([2, 0]);
  });

  test('where Lab documents or groups refuse, through the selection', async () => {
    await rig.open({ faults: { groupMaskErrors: true } });
    const [before, after] = await compare(() => rig.photoshop.openPixels({ ...createPicture({}), mode: 'Lab' }));
    expect([count(before, 'putLayerMask failed'), count(after, 'putLayerMask failed')]).toEqual([2, 0]);
    const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
    const group = doc.addLayer({ name: 'Group', kind: 'group' });
    addPicture(doc, { parent: group });
    doc.activeLayers = [group];
    const start = rig.photoshop.calls.length;
    expect(await rig.click()).toMatch(/^done/);
    expectEllipse(doc, 'Group');
    expect(rig.photoshop.calls.slice(start).some(({ name }) => name === 'putLayerMask')).toBe(false);
  });

  test('where masks are given back trimmed, they are read through the selection', async () => {
    await rig.open({ faults: { maskReadsTrimmed: true } });
    const [before, after] = await compare(() => {
      const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
      doc.activeLayers[0]!.mask = createMask(doc);
    }, '#answer-add');
    expect(count(before, 'getLayerMask') + count(before, 'getLayerMask failed')).toBeGreaterThan(
      count(after, 'getLayerMask') + count(after, 'getLayerMask failed'),
    );
  });

  test('where selections have eight bits, with eight bits', async () => {
    await rig.open({ faults: { reject16BitSelection: true } });
    rig.panel.click('#options-toggle');
    rig.panel.click('#delivery sp-menu-item:nth-child(3)');
    const open = () => void rig.photoshop.openPixels(createPicture({ depth: 16 }));
    const counts: number[] = [];
    for (const isChecked of [false, true]) {
      if (isChecked) await rig.check();
      open();
      const before = rig.photoshop.calls.length;
      expect(await rig.click()).toMatch(/^done: Alpha channel/);
      counts.push(
        rig.photoshop.calls.slice(before).filter(({ name, failed }) => failed && name === 'putSelection').length,
      );
    }
    expect(counts).toEqual([1, 0]);
  });
});
