import { describe, expect, test, vi } from 'vitest';
import type { MaskPolicy } from '../../plugin/settings/settings.ts';
import type { HostDocument, HostOptions, LayerMask } from '../../simulator/index.ts';
import { createPicture } from '../scenarios/pictures.ts';
import { addedStates, CommandsFixture } from './commands-fixture.ts';
import { valuesOf } from './expected.ts';

vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp);

const WIDTH = 40;
const HEIGHT = 20;

/** A picture whose red goes from 0 to 1, left to right, behind a mask that shows its left half only. */
function open(rig: CommandsFixture, mask: Partial<LayerMask> = {}): HostDocument {
  const doc = rig.photoshop.createDocument({ width: WIDTH, height: HEIGHT });
  const { data } = createPicture({ width: WIDTH, height: HEIGHT, channels: 4 });
  const half = new Uint8Array(WIDTH * HEIGHT).map((_, index) => (index % WIDTH < WIDTH / 2 ? 255 : 0));
  const shape = { left: 0, top: 0, width: WIDTH, height: HEIGHT, data: half, outside: 0 };
  const layer = doc.addLayer({ name: 'Model', data, channels: 4 });
  layer.mask = { ...shape, enabled: true, linked: true, density: 100, feather: 0, ...mask };
  doc.history.record('Add Layer Mask');
  return doc;
}

const red = (x: number) => Math.trunc((255 * x) / WIDTH) / 255;
const shows = (x: number) => (x < WIDTH / 2 ? 1 : 0);

function expectRow(doc: HostDocument, mask: LayerMask, value: (x: number) => number): void {
  const found = valuesOf(doc, mask);
  for (let x = 0; x < WIDTH; x++) expect(Math.abs(found[7 * WIDTH + x]! - value(x))).toBeLessThan(1.5 / 255);
}

const POLICIES: [MaskPolicy, (x: number) => number][] = [
  ['replace', red],
  ['intersect', (x) => Math.min(shows(x), red(x))],
  ['add', (x) => Math.max(shows(x), red(x))],
  ['subtract', (x) => Math.min(shows(x), 1 - red(x))],
  ['refine', (x) => (shows(x) + red(x)) / 2],
];

const FAULTS: NonNullable<HostOptions['faults']>[] = [
  { maskInPixels: 'enabled' },
  { maskInPixels: 'always' },
  { maskInPixels: 'never' },
  { boundsIgnoreMask: true, maskReadsTrimmed: true },
  { boundsNoMaskMissing: true },
];

describe.each(FAULTS)('a mask that is there already, with %o', (faults) => {
  test.each(POLICIES)(
    '%s: the network sees the whole picture, and the old mask is kept as a channel',
    async (policy, value) => {
      const rig = new CommandsFixture({ faults });
      const doc = open(rig);
      const [before, states] = [doc.snapshot(), doc.historyStates.length];
      expect(await rig.run({ existingMask: policy })).toBe('done');
      expect(rig.client.sent[0]).toMatchObject({ width: WIDTH, height: HEIGHT });
      expectRow(doc, doc.findLayer('Model').mask!, value);
      expect(doc.channels.map(({ name }) => name)).toEqual(['Model mask']);
      expectRow(doc, doc.channels[0]!.mask, shows);
      expect(addedStates(doc, states)).toEqual(['Hairline mask']);
      doc.undo();
      expect(doc.snapshot()).toBe(before);
    },
  );

  test('only reading leaves no trace, whatever the output', async () => {
    const rig = new CommandsFixture({ faults });
    const doc = open(rig);
    const { mask } = doc.findLayer('Model');
    expect(await rig.run({ delivery: 'selection' })).toBe('done');
    expect(doc.findLayer('Model').mask).toBe(mask);
    expect(doc.channels).toEqual([]);
    expectRow(doc, doc.selection!, red);
  });
});

test('asks about an existing mask once, before anything is read', async () => {
  const rig = new CommandsFixture();
  const doc = open(rig);
  const before = doc.snapshot();
  expect(await rig.run({ existingMask: 'ask' })).toBe('MASK_EXISTS');
  expect(rig.client.sent).toEqual([]);
  expect(doc.snapshot()).toBe(before);
});

test.each([
  ['all white', 255],
  ['all black', 0],
])('%s is kept as a channel too', async (_what, value) => {
  for (const maskReadsTrimmed of [false, true]) {
    const rig = new CommandsFixture({ faults: { maskReadsTrimmed } });
    const doc = open(rig, { data: new Uint8Array(WIDTH * HEIGHT).fill(value), outside: value });
    expect(await rig.run({ existingMask: 'replace' })).toBe('done');
    expectRow(doc, doc.channels[0]!.mask, () => value / 255);
  }
});

test('smaller than the canvas: what is around it counts', async () => {
  for (const outside of [0, 255]) {
    const rig = new CommandsFixture();
    const data = new Uint8Array(4 * 4).fill(100);
    const doc = open(rig, { left: 10, top: 6, width: 4, height: 4, data, outside });
    expect(await rig.run({ existingMask: 'intersect' })).toBe('done');
    const old = (x: number) => (x >= 10 && x < 14 ? 100 : outside) / 255;
    expectRow(doc, doc.channels[0]!.mask, old);
    expectRow(doc, doc.findLayer('Model').mask!, (x) => Math.min(old(x), red(x)));
  }
});

test.each([true, false])(
  'density and feather stay with a mask that is combined (they outlive it: %s)',
  async (keeps) => {
    for (const policy of ['intersect', 'replace'] as const) {
      const rig = new CommandsFixture({ faults: { replacedMaskKeepsLook: keeps } });
      const doc = open(rig, { density: 60, feather: 4 });
      expect(await rig.run({ existingMask: policy })).toBe('done');
      const { density, feather } = doc.findLayer('Model').mask!;
      expect([density, feather]).toEqual(policy === 'replace' ? [100, 0] : [60, 4]);
    }
  },
);

test.each([{}, { maskReadsTrimmed: true }, { maskReadsTrimmed: true, suspendHistoryUnavailable: true }])(
  'a mask of one value has no edge to refine, and nothing is sent: %o',
  async (faults) => {
    const rig = new CommandsFixture({ faults });
    const doc = open(rig, { data: new Uint8Array(WIDTH * HEIGHT).fill(255) });
    const before = doc.snapshot();
    expect(await rig.run({ existingMask: 'refine' })).toBe('FLAT_MASK');
    expect(rig.client.sent).toEqual([]);
    expect(doc.snapshot()).toBe(before);
  },
);

test('refining looks at the selection only, and leaves the rest of the mask', async () => {
  const rig = new CommandsFixture();
  const doc = open(rig);
  const data = new Uint8Array(8 * HEIGHT).fill(255);
  doc.selection = { ...doc.findLayer('Model').mask!, left: 16, top: 0, width: 8, height: HEIGHT, data, outside: 0 };
  expect(await rig.run({ existingMask: 'refine' })).toBe('done');
  const refined = (x: number) => (x >= 16 && x < 24 ? (shows(x) + red(x)) / 2 : shows(x));
  expectRow(doc, doc.findLayer('Model').mask!, refined);
});

test('a layer without a mask is masked as ever', async () => {
  const rig = new CommandsFixture();
  const doc = open(rig);
  doc.findLayer('Model').mask = null;
  expect(await rig.run({ existingMask: 'refine' })).toBe('done');
  expectRow(doc, doc.findLayer('Model').mask!, red);
});

test('a switched-off mask is kept and the new one is on', async () => {
  const rig = new CommandsFixture();
  const doc = open(rig, { enabled: false });
  expect(await rig.run({ existingMask: 'replace' })).toBe('done');
  expect(doc.findLayer('Model').mask?.enabled).toBe(true);
  expectRow(doc, doc.channels[0]!.mask, shows);
});

test('added while the server works: asked for if nothing was chosen, combined if it was', async () => {
  for (const policy of ['ask', 'refine', 'intersect'] as const) {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const layer = doc.findLayer('Model');
    const { mask } = layer;
    layer.mask = null;
    rig.client.onPicture = () => {
      layer.mask = { ...mask!, data: mask!.data.map((value: number) => value || 200) };
    };
    const isCombined = policy === 'intersect';
    expect(await rig.run({ existingMask: policy })).toBe(isCombined ? 'done' : 'MASK_ADDED');
    expect(doc.channels.length).toBe(isCombined ? 1 : 0);
  }
});

test.each([{ suspendHistoryUnavailable: true }, { rollbackIgnored: true }])(
  'with %o, reading gives the mask back all the same',
  async (faults) => {
    const rig = new CommandsFixture({ faults });
    const doc = open(rig);
    const before = doc.snapshot();
    expect(await rig.run({ delivery: 'selection' })).toBe('done');
    doc.selection = null;
    expect(doc.snapshot()).toBe(before);
  },
);
