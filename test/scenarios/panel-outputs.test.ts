import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, type Settings } from '../../plugin/settings/settings.ts';
import type { HostDocument, LayerMask } from '../../simulator/index.ts';
import { ellipseAt } from './fake-server.ts';
import { addPicture, createMask, Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

/** The built panel with every setting, as a recorded step gives it one; what masks hold is tested in `test/commands`. */
let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
});
afterEach(() => rig.close());

async function play(wish: Partial<Settings>): Promise<void> {
  const settings = JSON.stringify({ ...DEFAULT_SETTINGS, ...wish });
  const info = { 'com.hairline.version': 1, 'com.hairline.settings': settings };
  await rig.panel.playStep({ name: 'Hairline', methodName: 'hairlineMaskSubject', info });
}

function expectEllipse(doc: HostDocument, { data }: LayerMask): void {
  const full = doc.white;
  for (let y = 0; y < doc.height; y++) {
    for (let x = 0; x < doc.width; x++) {
      const found = data[y * doc.width + x]! / full;
      expect(Math.abs(found - ellipseAt(x, y, doc.width, doc.height))).toBeLessThan(1 / 255);
    }
  }
}

describe.each([8, 16] as const)('in a document of %i bits', (depth) => {
  test('a selection, and a channel that leaves the selection alone', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ depth }));
    await play({ delivery: 'channel' });
    expectEllipse(doc, doc.channels[0]!.mask);
    expect(doc.selection).toBeNull();
    await play({ delivery: 'selection' });
    expectEllipse(doc, doc.selection!);
    expect(doc.historyStates.slice(1).map(({ name }) => name)).toEqual(['Hairline channel', 'Hairline selection']);
    rig.expectClean();
  });

  test('a cut-out without the blue of its edge', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ depth }));
    const { pixels } = doc.findLayer('Background');
    await play({ delivery: 'layer' });
    expect(rig.server.received).toMatchObject([{ depth }]);
    expect(rig.server.edges).toMatchObject([{ output: 'cutout', depth }]);
    const [cutout, original] = doc.layers;
    expect(cutout).toMatchObject({ name: 'Background cut-out', visible: true });
    expect(original).toMatchObject({ name: 'Background', visible: false, isBackground: true, pixels });
    const { data, width, left, top } = cutout!.pixels!;
    const middle = ((40 - top) * width + 60 - left) * 4;
    expect([...data.subarray(middle, middle + 4)]).toEqual([...pixels!.data.subarray(14580, 14583), doc.white]);
    rig.expectClean();
  });

  test('a mask, and its colors clipped to it', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ depth }));
    await play({ delivery: 'mask+color' });
    const [colors, original] = doc.layers;
    expect(colors).toMatchObject({ name: 'Layer 0 colors', clipped: true });
    expectEllipse(doc, original!.mask!);
    expect(doc.historyStates.slice(1).map(({ name }) => name)).toEqual(['Hairline mask and colors']);
    rig.expectClean();
  });

  test('a masked layer: the whole of it is read, its mask is kept and combined', async () => {
    await rig.open();
    const doc = rig.photoshop.openPixels(createPicture({ depth }));
    const mask = createMask(doc);
    addPicture(doc, { mask: { ...mask, data: doc.depth === 8 ? mask.data : new Uint16Array(mask.data.length) } });
    await play({ existingMask: 'add' });
    expect(rig.server.received.at(-1)).toMatchObject({ width: 120, height: 80 });
    expectEllipse(doc, doc.findLayer('Model').mask!);
    expect(doc.channels.map(({ name }) => name)).toEqual(['Model mask']);
    rig.expectClean();
  });
});

test('several layers and a group among them', async () => {
  await rig.open();
  const doc = rig.photoshop.createDocument({ width: 120, height: 80 });
  const group = doc.addLayer({ name: 'Group', kind: 'group' });
  addPicture(doc, { parent: group });
  doc.activeLayers = [group, addPicture(doc, { name: 'Other' })];
  const states = doc.historyStates.length;
  await play({});
  expectEllipse(doc, doc.findLayer('Other').mask!);
  expectEllipse(doc, group.mask!);
  expect(doc.historyStates.length).toBe(states + 1);
  rig.expectClean();
});

test('all that is visible, within the selection', async () => {
  await rig.open();
  const doc = rig.photoshop.openPixels(createPicture({}));
  const selection = createMask(doc);
  const data = new Uint8Array(120 * 80).map((_, index) => (index % 120 < 60 ? 255 : 0));
  doc.selection = { ...selection, data };
  await play({ source: 'composite', delivery: 'channel' });
  // Half the width, and the smallest margin.
  expect(rig.server.received).toMatchObject([{ width: 76, height: 80 }]);
  const found = doc.channels[0]!.mask.data;
  expect([found[40 * 120 + 38], found[40 * 120 + 70]]).toEqual([255, 0]);
  expect([...doc.selection.data]).toEqual([...data]);
  rig.expectClean();
});

test('a server that keeps no pictures cannot clean colors, and says so', async () => {
  await rig.open();
  const doc = rig.photoshop.openPixels(createPicture({}));
  const before = doc.snapshot();
  rig.server.keepsNothing = true;
  await expect(play({ delivery: 'layer' })).rejects.toThrow();
  expect(rig.panel.text('#status')).toContain('could not keep the picture');
  expect(doc.snapshot()).toBe(before);
  rig.expectClean();
});
