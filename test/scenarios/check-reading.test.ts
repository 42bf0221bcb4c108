import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import type { ProbeKey } from '../../words/panel/keys.ts';
import { CheckRig, outcomeOf } from './check-driver.ts';
import { addPicture, createMask, expectEllipse } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: CheckRig;
beforeEach(async () => {
  rig = new CheckRig();
  await rig.server.start();
});
afterEach(() => rig.close());

const READING: ProbeKey[] = [
  ...(['read8', 'read16', 'read32', 'readGray', 'readCmyk', 'readLab', 'readDepths', 'readBeyond'] as const),
  ...(['readTrimmed', 'readEmpty', 'readMasked', 'readInactive', 'readWays', 'readSmart', 'readGroup'] as const),
  ...(['readAdjustment', 'readFill', 'readShape', 'readText', 'readOutside'] as const),
];

test('an ordinary Photoshop hands out pixels as expected', async () => {
  await rig.open();
  const report = await rig.check();
  for (const id of READING) expect(outcomeOf(report, id)).toMatchObject({ id, end: 'answered', expected: true });
  expect(outcomeOf(report, 'readOutside').seen).toMatch(/modal scope/);
});

test('pixels that come outside of commands are noted', async () => {
  await rig.open({ strictReads: false });
  expect(outcomeOf(await rig.check(), 'readOutside').seen).not.toMatch(/modal scope/);
});

describe('tells what differs', () => {
  test.each<[HostOptions['faults'], ProbeKey[]]>([
    [{ maskInPixels: 'never' }, ['readMasked']],
    [{ maskInPixels: 'always' }, ['readMasked']],
    [{ refusesPixelConversion: true }, ['read16', 'readCmyk', 'readDepths']],
    [{ smartObjectsUnreadable: true, groupPixels: true }, ['readSmart', 'readGroup']],
  ])('%o', async (faults, ids) => {
    await rig.open({ faults: { ...faults } });
    await expectDifferent(ids);
  });

  type Options = { layerID?: number; sourceBounds?: object };
  type Answer = { sourceBounds: { left: number; top: number } };
  test.each<[string, (options: Options, run: () => Promise<Answer>) => Promise<unknown>, ProbeKey[]]>([
    ['elsewhere', moved, ['readTrimmed', 'readBeyond', 'readInactive']],
    [
      'not at all',
      refused,
      ['readWays', 'readFill', 'readShape', 'readText', 'readEmpty', 'read8', 'read32', 'readGray', 'readLab'],
    ],
  ])('pixels come %s', async (_how, answer, ids) => {
    await rig.open();
    rig.photoshop.onImaging = (name, options, run) =>
      name === 'getPixels' ? answer(options as Options, run as () => Promise<Answer>) : run();
    await expectDifferent(ids);
  });

  async function expectDifferent(ids: readonly ProbeKey[]): Promise<void> {
    const report = await rig.check();
    const found = ids.map((id) => [id, outcomeOf(report, id).expected]);
    expect(found).toEqual(ids.map((id) => [id, false]));
  }
  async function moved(_options: Options, run: () => Promise<Answer>) {
    const { sourceBounds, ...rest } = await run();
    return { ...rest, sourceBounds: { ...sourceBounds, left: sourceBounds.left + 1 } };
  }
  async function refused(): Promise<never> {
    throw new Error('Not today.');
  }

  test('an adjustment layer hands out pixels', async () => {
    await rig.open();
    rig.photoshop.onImaging = async (name, options, run) => {
      const { layerID, ...rest } = options as Options;
      if (name !== 'getPixels' || layerID === undefined) return run();
      return run().catch(() => rig.photoshop.photoshop().imaging!.getPixels(rest as never));
    };
    await expectDifferent(['readAdjustment']);
  });
});

const failures = () => rig.photoshop.calls.filter(({ failed }) => failed).length;

/** How many imaging calls fail while a mask is made, before and after the check. */
async function compare(make: () => void): Promise<[number, number]> {
  const counts: number[] = [];
  for (const isChecked of [false, true]) {
    if (isChecked) await rig.check();
    make();
    const before = failures();
    expect(await rig.click()).toMatch(/^done/);
    expectEllipse(rig.photoshop.activeDocument!, rig.photoshop.activeDocument!.activeLayers[0]!.name);
    counts.push(failures() - before);
  }
  rig.expectClean();
  return [counts[0]!, counts[1]!];
}

describe('after the check the panel takes the right road at once', () => {
  test('where pixels are not converted', async () => {
    await rig.open({ faults: { refusesPixelConversion: true } });
    const [before, after] = await compare(() => rig.photoshop.openPixels(createPicture({ depth: 16 })));
    expect(before - after).toBe(2);
  });

  test('where smart objects cannot be read in place', async () => {
    await rig.open({ faults: { smartObjectsUnreadable: true } });
    const [before, after] = await compare(() => {
      const doc = rig.photoshop.openPixels(createPicture({}));
      addPicture(doc, { name: 'Smart', kind: 'smartObject' });
    });
    expect(before).toBeGreaterThan(after);
  });

  test.each(['never', 'enabled', 'always'] as const)(
    'where masks are applied to pixels %s, a mask is taken off only if it must be',
    async (maskInPixels) => {
      await rig.open({ faults: { maskInPixels } });
      const run = async (enabled: boolean) => {
        const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
        doc.activeLayers[0]!.mask = { ...createMask(doc), outside: 255, enabled };
        rig.panel.click('#mask-subject');
        await rig.panel.waitFor(() => rig.panel.isVisible('#answer-replace'), 5000, 'the question');
        const before = rig.photoshop.calls.length;
        rig.panel.click('#answer-replace');
        await rig.panel.waitFor(() => rig.panel.text('#status').startsWith('Mask added'), 20_000, 'the mask');
        expectEllipse(doc, 'Layer 0');
        const calls = rig.photoshop.calls.slice(before).map(({ name }) => name);
        // The one that is replaced goes in any case where masks are written another way.
        return calls.slice(0, calls.indexOf('putLayerMask')).includes('delete');
      };
      expect(await run(true)).toBe(true);
      await rig.check();
      expect(await run(true)).toBe(maskInPixels !== 'never');
      expect(await run(false)).toBe(maskInPixels === 'always');
    },
  );

  test('an empty layer in other words is still an empty layer', async () => {
    await rig.open();
    rig.photoshop.onImaging = async (name, _options, run) => {
      if (name !== 'getPixels') return run();
      return run().catch((error) => {
        throw /empty image/.test(String(error)) ? new Error('Nothing there.') : error;
      });
    };
    const doc = rig.photoshop.openPixels(createPicture({ channels: 4 }));
    doc.activeLayers[0]!.pixels = { ...doc.activeLayers[0]!.pixels!, data: new Uint8Array(120 * 80 * 4) };
    const report = await rig.check();
    expect(report.profile.emptyWords).toBe('Nothing there.');
  });
});
