import { describe, expect, test, vi } from 'vitest';
import { NEUTRAL_EDGE } from '../../protocol/edge.ts';
import { flatten } from '../../simulator/composite.ts';
import type { HostDocument, HostLayer } from '../../simulator/index.ts';
import { createPicture } from '../scenarios/pictures.ts';
import { addedStates, CommandsFixture } from './commands-fixture.ts';
import { at } from './expected.ts';
import { CLEAN_BLUE, isSoft } from './picture-client.ts';

vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp);

/** A photograph whose red goes from 0 to 1, left to right, over a white layer. */
function open(rig: CommandsFixture, depth: 8 | 16 = 8): HostDocument {
  const doc = rig.photoshop.createDocument({ width: 40, height: 20, depth });
  const white = depth === 8 ? 255 : 32768;
  const ground = depth === 8 ? new Uint8Array(40 * 20 * 3) : new Uint16Array(40 * 20 * 3);
  doc.addLayer({ name: 'Paper', data: ground.fill(white), channels: 3, isBackground: true });
  const { data } = createPicture({ width: 40, height: 20, depth, channels: 4 });
  doc.addLayer({ name: 'Model', data, channels: 4 });
  return doc;
}

const names = (layers: readonly HostLayer[]) => layers.map(({ name }) => name);
const opacityAt = (x: number) => Math.trunc((255 * x) / 40) / 255;

describe('a cut-out', () => {
  test('has clean colors, right above its original, which is hidden and nothing else', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const states = doc.historyStates.length;
    const { pixels } = doc.findLayer('Model');
    expect(await rig.run({ delivery: 'layer' })).toBe('done');
    expect(rig.result).toMatchObject({ layers: [{ layerName: 'Model cut-out', outcome: 'layer' }], refinable: null });
    expect(addedStates(doc, states)).toEqual(['Hairline cutout']);
    expect(names(doc.layers)).toEqual(['Model cut-out', 'Model', 'Paper']);
    const [cutout, original, paper] = doc.layers as [HostLayer, HostLayer, HostLayer];
    expect([cutout.visible, original.visible, paper.visible]).toEqual([true, false, true]);
    expect(original.pixels).toBe(pixels);
    expect(original.mask).toBeNull();
    expect(names(doc.activeLayers)).toEqual(['Model cut-out']);
    expect(at(cutout.pixels!, 20, 5, 3)).toBeCloseTo(opacityAt(20), 2);
    expect(at(cutout.pixels!, 20, 5, 2)).toBeCloseTo(CLEAN_BLUE, 2);
  });

  test.each([true, false])(
    'stays in its group, and what was clipped to the original is clipped to it (%s)',
    async (joins) => {
      const rig = new CommandsFixture({ faults: { insertedJoinsClipping: joins } });
      const doc = open(rig);
      const { data } = createPicture({ width: 40, height: 20, channels: 4 });
      const group = doc.addLayer({ name: 'Group', kind: 'group' });
      const original = doc.addLayer({ name: 'Inside', data, channels: 4, parent: group });
      doc.addLayer({ name: 'Curves', kind: 'curves', parent: group, clipped: true });
      doc.addLayer({ name: 'Grain', kind: 'curves', parent: group, clipped: true });
      doc.activeLayers = [original];
      expect(await rig.run({ delivery: 'layer' })).toBe('done');
      expect(names(group.children)).toEqual(['Grain', 'Curves', 'Inside cut-out', 'Inside']);
      expect(group.children.map(({ clipped }) => clipped)).toEqual([true, true, false, false]);
    },
  );

  test('of a clipped layer is clipped too, and looks as its original did', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const layer = doc.findLayer('Model');
    Object.assign(layer, { clipped: true, opacity: 60, blendMode: 'multiply' });
    expect(await rig.run({ delivery: 'layer' })).toBe('done');
    expect(doc.layers[0]).toMatchObject({ name: 'Model cut-out', clipped: true, opacity: 60, blendMode: 'multiply' });
  });

  test('of everything visible lies on top, and everything else is hidden', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    doc.findLayer('Model').opacity = 50;
    expect(await rig.run({ delivery: 'layer', source: 'composite' })).toBe('done');
    expect(names(doc.layers)).toEqual([`${doc.name} cut-out`, 'Model', 'Paper']);
    expect(doc.layers.map(({ visible }) => visible)).toEqual([true, false, false]);
  });

  test('keeps 16 bits to the last step where nothing is to clean', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig, 16);
    expect(await rig.run({ delivery: 'layer' })).toBe('done');
    expect(rig.client.sent[0]).toMatchObject({ depth: 16 });
    const [cutout, original] = doc.layers as [HostLayer, HostLayer];
    for (let x = 31; x < 40; x++) {
      for (const channel of [0, 1, 2]) {
        const kept = at(cutout.pixels!, x, 7, channel) - at(original.pixels!, x, 7, channel);
        expect(Math.abs(kept) * 32768).toBeLessThanOrEqual(1);
      }
    }
  });

  test.each([
    ['CMYK', 8, 'COLORS_MODE'],
    ['Lab', 16, 'COLORS_MODE'],
    ['Grayscale', 8, 'COLORS_MODE'],
    ['RGB', 32, 'COLORS_DEPTH'],
  ] as const)('is refused in %s of %i bits, where its colors would not be right: %s', async (mode, depth, code) => {
    const rig = new CommandsFixture();
    rig.photoshop.openPixels({ ...createPicture({ depth }), mode });
    expect(await rig.run({ delivery: 'layer' })).toBe(code);
    expect(await rig.run({ delivery: 'mask+color' })).toBe(code);
    expect(await rig.run({ delivery: 'mask' })).toBe('done');
  });
});

describe('a mask with a color layer', () => {
  test('shows what a cut-out shows', async () => {
    const shown = [];
    for (const delivery of ['layer', 'mask+color'] as const) {
      const rig = new CommandsFixture();
      const doc = open(rig);
      expect(await rig.run({ delivery })).toBe('done');
      shown.push(flatten(doc, doc.layers, doc.rect));
    }
    const [cutout, masked] = shown as [(typeof shown)[0], (typeof shown)[0]];
    for (let x = 0; x < 40; x++) {
      for (let channel = 0; channel < 4; channel++) {
        expect(Math.abs(at(cutout!, x, 9, channel) - at(masked!, x, 9, channel))).toBeLessThan(2 / 255);
      }
    }
  });

  test('covers the soft edge alone, so that the original can be retouched', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    expect(await rig.run({ delivery: 'mask+color' })).toBe('done');
    const [colors, original] = doc.layers as [HostLayer, HostLayer];
    expect(colors).toMatchObject({ name: 'Model colors', clipped: true, opacity: 100 });
    expect(original).toMatchObject({ name: 'Model', visible: true });
    for (let x = 0; x < 40; x++) expect(at(colors.pixels!, x, 3, 3)).toBe(isSoft(opacityAt(x)) ? 1 : 0);
    expect(names(doc.activeLayers)).toEqual(['Model']);
  });

  test('is as strong as was asked for, and not there for nothing', async () => {
    for (const [decontaminate, opacity] of [
      [0.4, 40],
      [0, null],
    ] as const) {
      const rig = new CommandsFixture();
      const doc = open(rig);
      expect(await rig.run({ delivery: 'mask+color', edge: { ...NEUTRAL_EDGE, decontaminate } })).toBe('done');
      expect(doc.layers.find(({ name }) => name === 'Model colors')?.opacity ?? null).toBe(opacity);
      expect(doc.findLayer('Model').mask).not.toBeNull();
    }
  });

  test('requires a layer that can be clipped to', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    const before = doc.snapshot();
    doc.findLayer('Model').clipped = true;
    expect(await rig.run({ delivery: 'mask+color' })).toBe('CLIPPED');
    doc.findLayer('Model').clipped = false;
    expect(doc.snapshot()).toBe(before);
  });
});

describe('a selection and a channel', () => {
  test('do not change any layer, not even a locked one', async () => {
    for (const delivery of ['selection', 'channel'] as const) {
      const rig = new CommandsFixture();
      const doc = open(rig);
      const layer = doc.findLayer('Model');
      layer.locks.all = true;
      expect(await rig.run({ delivery })).toBe('done');
      expect(layer.mask).toBeNull();
      const mask = delivery === 'selection' ? doc.selection! : doc.channels[0]!.mask;
      for (let x = 0; x < 40; x++) expect(mask.data[3 * 40 + x]! / 255).toBeCloseTo(opacityAt(x), 2);
      expect(doc.selection === null).toBe(delivery === 'channel');
    }
  });

  test('a channel never takes the name of an existing one', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    for (let run = 0; run < 3; run++) expect(await rig.run({ delivery: 'channel' })).toBe('done');
    expect(doc.channels.map(({ name }) => name)).toEqual(['Hairline', 'Hairline 2', 'Hairline 3']);
    expect(rig.result?.layers).toEqual([{ layerName: 'Hairline 3', outcome: 'channel' }]);
  });

  test('says so when the document is full of channels', async () => {
    const rig = new CommandsFixture();
    const doc = open(rig);
    for (let number = 0; number < 53; number++) {
      doc.channels.push({ name: `Alpha ${number}`, mask: { ...selectAll(doc), outside: 0 } });
    }
    const before = doc.snapshot();
    expect(await rig.run({ delivery: 'channel' })).toBe('CHANNEL_FAILED');
    expect(doc.snapshot()).toBe(before);
  });
});

function selectAll(doc: HostDocument) {
  const data = new Uint8Array(doc.width * doc.height).fill(255);
  const rect = { left: 0, top: 0, width: doc.width, height: doc.height };
  return { ...rect, data, outside: 0, enabled: true, linked: true, density: 100, feather: 0 };
}
