import { describe, expect, test, vi } from 'vitest';
import type { HostDocument, HostLayer, LayerMask, NewLayer } from '../../simulator/index.ts';
import { createPicture } from '../scenarios/pictures.ts';
import { addedStates, CommandsFixture } from './commands-fixture.ts';
import { valuesOf } from './expected.ts';

vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp);

const WIDTH = 90;
const HEIGHT = 60;

function open(rig: CommandsFixture, resolution = 72): HostDocument {
  return rig.photoshop.createDocument({ width: WIDTH, height: HEIGHT, resolution });
}

/** A picture whose red goes from 0 to 1 from its own left to its right. */
function addModel(doc: HostDocument, options: Partial<NewLayer> = {}): HostLayer {
  const { width = WIDTH, height = HEIGHT } = options;
  const { data } = createPicture({ width, height, channels: 4 });
  return doc.addLayer({ name: 'Model', width, height, data, channels: 4, ...options });
}

function expectRamp(doc: HostDocument, mask: LayerMask | null, left = 0, width = WIDTH, row = 7): void {
  const found = valuesOf(doc, mask!);
  for (let x = 0; x < WIDTH; x++) {
    const inside = x >= left && x < left + width;
    const expected = inside ? Math.trunc((255 * (x - left)) / width) / 255 : 0;
    expect(Math.abs(found[row * WIDTH + x]! - expected)).toBeLessThan(1.5 / 255);
  }
}

function createSelection(doc: HostDocument, left: number, right: number, value: number): LayerMask {
  const data = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 5; y < 25; y++) data.fill(value, y * WIDTH + left, y * WIDTH + right);
  const rect = { left: 0, top: 0, width: doc.width, height: doc.height };
  return { ...rect, data, outside: 0, enabled: true, linked: true, density: 100, feather: 0 };
}

describe('several layers', () => {
  test('get one mask each, in one step', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const layers = [10, 30, 50].map((left) => addModel(doc, { name: `Model ${left}`, left, width: 20, height: 20 }));
    doc.activeLayers = layers;
    const states = doc.historyStates.length;
    expect(await rig.run()).toBe('done');
    for (const [index, layer] of layers.entries()) expectRamp(doc, layer.mask, 10 + 20 * index, 20);
    expect(addedStates(doc, states)).toEqual(['Hairline mask']);
    expect(rig.result).toMatchObject({ layers: { length: 3 }, refinable: null });
  });

  test('the one without a subject is left alone and named', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const dark = doc.addLayer({
      name: 'Dark',
      data: new Uint8Array(WIDTH * HEIGHT * 4).fill(255).map((v, i) => (i % 4 === 0 ? 0 : v)),
      channels: 4,
    });
    doc.activeLayers = [addModel(doc), dark];
    expect(await rig.run()).toBe('done');
    expect(dark.mask).toBeNull();
    expect(rig.result?.layers).toEqual([
      { layerName: 'Model', outcome: 'mask' },
      { layerName: 'Dark', outcome: 'no-subject' },
    ]);
  });

  test('none has a mask when the last one fails', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const layers = [addModel(doc, { name: 'One' }), addModel(doc, { name: 'Two' })];
    doc.activeLayers = layers;
    const states = doc.historyStates.length;
    rig.client.onPicture = () => {
      if (rig.client.sent.length === 2) layers[1]!.locks.all = true;
    };
    expect(await rig.run()).toBe('LAYER_LOCKED');
    expect(layers.map(({ mask }) => mask)).toEqual([null, null]);
    expect(doc.historyStates.length).toBe(states);
  });

  test('a group and a layer in it', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const group = doc.addLayer({ name: 'Group', kind: 'group' });
    doc.activeLayers = [group, addModel(doc, { parent: group })];
    expect(await rig.run()).toBe('done');
    expectRamp(doc, group.mask);
    expectRamp(doc, group.children[0]!.mask);
  });

  test('are one selection, and one channel each', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    doc.activeLayers = [0, 45].map((left) => addModel(doc, { name: `Model ${left}`, left, width: 45 }));
    expect(await rig.run({ delivery: 'channel' })).toBe('done');
    expectRamp(doc, doc.channels[0]!.mask, 0, 45);
    expectRamp(doc, doc.channels[1]!.mask, 45, 45);
    expect(await rig.run({ delivery: 'selection' })).toBe('done');
    const found = valuesOf(doc, doc.selection!);
    for (const x of [10, 40, 50, 80]) expect(found[7 * WIDTH + x]).toBeCloseTo((x % 45) / 45, 1);
  });
});

describe('the user has selected an area', () => {
  test('only that is sent, with some surroundings, and only that is shown', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const layer = addModel(doc);
    const selection = createSelection(doc, 40, 60, 128);
    doc.selection = selection;
    expect(await rig.run()).toBe('done');
    expect(rig.client.sent[0]).toMatchObject({ left: 24, top: 0, width: 52, height: 41 });
    const found = valuesOf(doc, layer.mask!);
    for (let x = 0; x < WIDTH; x++) {
      const expected = x >= 40 && x < 60 ? ((x / WIDTH) * 128) / 255 : 0;
      expect(Math.abs(found[7 * WIDTH + x]! - expected)).toBeLessThan(3 / 255);
      expect(found[30 * WIDTH + x]).toBe(0);
    }
    expect(doc.selection).toBe(selection);
  });

  test('that touches nothing of the layer', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    addModel(doc, { left: 70, width: 20 });
    doc.selection = createSelection(doc, 0, 20, 255);
    expect(await rig.run()).toBe('OUTSIDE_SELECTION');
  });

  test('stays as it was in the masks that edge controls write later', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const layer = addModel(doc);
    doc.selection = createSelection(doc, 40, 60, 255);
    expect(await rig.run()).toBe('done');
    doc.selection = null;
    rig.client.forgetMattes();
    expect(await rig.apply(rig.result!.refinable!)).toBe('done');
    const found = valuesOf(doc, layer.mask!);
    expect(found[7 * WIDTH + 39]).toBe(0);
    expect(found[7 * WIDTH + 50]).toBeCloseTo(50 / WIDTH, 2);
  });
});

describe('groups', () => {
  test.each([{}, { groupMaskErrors: true }, { groupPixels: true }])(
    'are masked as what they show (%o)',
    async (faults) => {
      const rig = new CommandsFixture({ faults });
      const doc = open(rig);
      const group = doc.addLayer({ name: 'Group', kind: 'group' });
      const bright = addModel(doc, { name: 'Hidden', parent: group, left: 10, visible: false });
      const shown = addModel(doc, { name: 'Shown', parent: group });
      doc.activeLayers = [group];
      const [layers, states] = [doc.allLayers, doc.historyStates.length];
      expect(await rig.run()).toBe('done');
      expectRamp(doc, group.mask);
      // The merged copy that was read is gone.
      expect(doc.allLayers).toEqual(layers);
      expect([bright.mask, shown.mask]).toEqual([null, null]);
      expect(addedStates(doc, states)).toEqual(['Hairline mask']);
    },
  );

  test('with a mask, hidden, are read whole', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const group = doc.addLayer({ name: 'Group', kind: 'group', visible: false, mask: { outside: 0 } });
    addModel(doc, { parent: group });
    doc.activeLayers = [group];
    expect(await rig.run({ existingMask: 'replace' })).toBe('done');
    expectRamp(doc, group.mask);
    expect(group.visible).toBe(false);
  });
});

test('all visible layers: the active one gets the mask of what they show together', async () => {
  const rig = new CommandsFixture();
  const doc = open(rig);
  const layer = doc.addLayer({ name: 'Curves', kind: 'curves' });
  addModel(doc);
  doc.activeLayers = [layer];
  expect(await rig.run({ source: 'composite' })).toBe('done');
  expectRamp(doc, layer.mask);
  doc.activeLayers = [];
  expect(await rig.run({ source: 'composite' })).toBe('NO_LAYER');
  expect(await rig.run({ source: 'composite', delivery: 'channel' })).toBe('done');
});

test.each(['text', 'smartObject', 'video'] as const)('%s layers in a document of 300 PPI', async (kind) => {
  const rig = new CommandsFixture();
  const doc = open(rig, 300);
  const layer = addModel(doc, { kind, left: -20, top: -5, width: 150, height: 80 });
  expect(await rig.run()).toBe('done');
  expect(rig.client.sent[0]).toMatchObject({ left: 0, top: 0, width: WIDTH, height: HEIGHT });
  const found = valuesOf(doc, layer.mask!);
  for (const x of [0, 40, 89]) expect(found[7 * WIDTH + x]).toBeCloseTo((x + 20) / 150, 1);
});

test('the mask lands on the layer of the click, in the document of the click', async () => {
  const rig = new CommandsFixture();
  const doc = open(rig);
  const layer = addModel(doc);
  const other = addModel(doc, { name: 'Other' });
  doc.activeLayers = [layer];
  const elsewhere = { doc: null as HostDocument | null };
  rig.client.onPicture = () => {
    doc.activeLayers = [other];
    elsewhere.doc = rig.photoshop.createDocument({ width: 5, height: 5 });
  };
  expect(await rig.run({ delivery: 'mask+color' })).toBe('done');
  expectRamp(doc, layer.mask);
  expect(other.mask).toBeNull();
  expect(doc.activeLayers).toEqual([other]);
  expect(rig.photoshop.activeDocument).toBe(elsewhere.doc);
});

test.each(['mask', 'selection', 'channel', 'layer', 'mask+color'] as const)(
  'a document closed meanwhile is reported (%s)',
  async (delivery) => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    addModel(doc);
    rig.client.onPicture = () => rig.photoshop.close(doc);
    expect(await rig.run({ delivery })).toBe('DOCUMENT_CLOSED');
  },
);
