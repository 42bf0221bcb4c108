import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import { createMask, expectEllipse, expectOneState, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

describe('Photoshop misbehaves', () => {
  const faults: HostOptions['faults'][] = [
    { maskOutside: 255 },
    { maskZeroBlockTurnsWhite: true },
    { reject16BitMask: true },
    { maskReadsTrimmed: true },
    { boundsIgnoreMask: true },
    { backgroundConversionChangesId: true },
    { batchPlayThrows: true },
    { missingMaskErrors: false },
    { missingSelectionErrors: false },
    { busy: 3 },
    { showOnce: true },
    { maskZeroBlockTurnsWhite: true, maskReadsTrimmed: true, backgroundConversionChangesId: true },
  ];

  test.each(faults)('%o', async (fault) => {
    for (const depth of [8, 16, 32] as const) {
      await rig.open({ faults: { ...fault } });
      const doc = rig.photoshop.openPixels(createPicture({ width: 300, height: 200, depth }));
      const states = doc.historyStates.length;
      expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      expectOneState(doc, states);
      rig.expectClean();
      if (depth !== 32) await rig.photoshop.dispose();
    }
  });

  test.each(['putLayerMask refuses', 'zeros turn white'])(
    'the way through the selection keeps the selection (%s)',
    async (how) => {
      const zeros = how === 'zeros turn white';
      await rig.open({ faults: zeros ? { maskZeroBlockTurnsWhite: true } : { labMaskErrors: true } });
      const doc = rig.photoshop.openPixels({
        ...createPicture({ width: 300, height: 200 }),
        mode: zeros ? 'RGB' : 'Lab',
      });
      const selection = {
        ...createMask(doc),
        data: new Uint8Array(300 * 200).map((_, i) => (i % 300 < 20 ? i % 256 : 0)),
      };
      // Made while the server works, so that it does not limit the matte.
      rig.server.onPicture = () => {
        doc.selection = selection;
      };
      const active = doc.activeLayers;
      expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
      expectEllipse(doc, 'Layer 0');
      expect([...doc.selection!.data]).toEqual([...selection.data]);
      expect(doc.activeLayers).toEqual(active);
      rig.expectClean();
    },
  );

  test('a Lab document without a selection has none afterwards', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels({ ...createPicture({}), mode: 'Lab' });
    expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
    expect(doc.selection).toBeNull();
  });

  test('an Action owns the history', async () => {
    await rig.open({ faults: { suspendHistoryUnavailable: true } });
    const doc = rig.photoshop.openPixels(createPicture({}));
    expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
    expectEllipse(doc, 'Layer 0');
    rig.expectClean();
  });

  test('is busy for long', async () => {
    await rig.open({ faults: { busy: 1000, busyHolder: 'other.plugin' } });
    const doc = rig.photoshop.openPixels(createPicture({}));
    const before = doc.snapshot();
    expect(await rig.click()).toBe('failed: Photoshop is busy with another command.');
    expect(rig.panel.text('#detail')).toContain('other.plugin');
    expect(doc.snapshot()).toBe(before);
    rig.expectClean();
  });

  test('is busy when the mask is ready', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({}));
    rig.server.onPicture = () => {
      rig.photoshop.faults.busy = 5;
    };
    expect(await rig.click()).toBe('done: Mask added to "Layer 0".');
    expectEllipse(doc, 'Layer 0');
  });
});
