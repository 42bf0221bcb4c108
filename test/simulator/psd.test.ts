import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { gradient, photo, photoshop } from './helpers.ts';
import { psdFile } from './psd-file.ts';

const samples = path.resolve(fileURLToPath(import.meta.url), '..', '..', '..', '..', 'shared', 'psd');
const present = existsSync(samples);
if (!present) console.log(`no sample files in ${path.join('..', 'shared', 'psd')}: tests that need them are skipped`);

describe.skipIf(!present)('files written by Photoshop', () => {
  const bytes = (name: string) => readFileSync(path.join(samples, name));

  it('opens layers, Background and mask', () => {
    const doc = photoshop().openPsd(bytes('layer-with-mask.psd'));
    const names = doc.layers.map(({ name, isBackground, kind }) => [name, isBackground, kind]);
    expect(names).toEqual([
      ['Layer 1', false, 'pixel'],
      ['Background', true, 'pixel'],
    ]);
    expect(doc.findLayer('Background').pixels?.channels).toBe(3);
    const { mask } = doc.findLayer('Layer 1');
    expect(mask).toMatchObject({ left: 23, top: 28, width: 77, height: 72, outside: 0, enabled: true });
  });

  it('tells fill layers from pixel layers', () => {
    const doc = photoshop().openPsd(bytes('all-color-schemas-rgb.psd'));
    expect(new Set(doc.layers.map((layer) => layer.kind))).toEqual(new Set(['pixel', 'solidColor']));
  });

  it.each(['layer-with-mask.psd', 'one-layer-with-bg.psd', 'smart-object.psd', 'all-color-schemas-rgb.psd'])(
    'saves %s and reads the same back',
    (name) => {
      const sim = photoshop();
      const doc = sim.openPsd(bytes(name), name);
      const again = sim.openPsd(sim.savePsd(doc), name);
      expect(again.snapshot()).toBe(doc.snapshot());
    },
  );
});

it('saves a new mask and a converted Background', () => {
  const sim = photoshop();
  const doc = sim.openPixels({ name: 'p', width: 9, height: 7, data: photo(9, 7), channels: 3 });
  const again = sim.openPsd(sim.savePsd(doc), 'p');
  expect(again.snapshot()).toBe(doc.snapshot());
  const data = Uint8Array.from({ length: 63 }, (_, i) => i * 4);
  const mask = { left: 0, top: 0, width: 9, height: 7, data, outside: 0 };
  const layer = doc.addLayer({ name: 'Cut', data: gradient(9, 7, () => 255), width: 9, height: 7, mask });
  expect(sim.openPsd(sim.savePsd(doc), 'p').findLayer('Cut').mask).toMatchObject(mask);
  expect(layer.bounds).toEqual({ left: 0, top: 0, right: 9, bottom: 7 });
});

it('converts deeper documents to 8 bits on save', () => {
  const sim = photoshop();
  const doc = sim.openPixels({ width: 1, height: 1, data: Uint16Array.of(0, 16384, 32768), channels: 3 });
  expect(sim.openPsd(sim.savePsd(doc)).layers[0]!.pixels!.data).toEqual(Uint8Array.of(0, 128, 255));
});

describe('files of other modes', () => {
  const size = { width: 4, height: 3 };
  // CMYK files hold what is left of the paper's white: no ink is 255.
  const red = { 4: [255, 0, 0, 255], 9: [136, 208, 195] } as const;

  it.each([
    ['CMYK', 4, false],
    ['CMYK', 4, true],
    ['Lab', 9, false],
    ['Lab', 9, true],
  ] as const)('opens a %s file without layers (mode %i, packed %s)', (mode, number, packed) => {
    const doc = photoshop().openPsd(psdFile({ ...size, mode: number, composite: red[number], packed }));
    expect(doc.mode).toBe(mode);
    expect(doc.layers.map((layer) => [layer.isBackground, layer.pixels?.data.length])).toEqual([[true, 36]]);
    expectRed(doc.layers[0]!.pixels!.data);
  });

  it.each([
    ['CMYK', 4],
    ['Lab', 9],
  ] as const)('opens the layers of a %s file, and saves them in that mode', (mode, number) => {
    const sim = photoshop();
    const layers = [{ name: 'Model', color: red[number] }];
    const doc = sim.openPsd(psdFile({ ...size, mode: number, composite: red[number], layers }));
    expect(doc.mode).toBe(mode);
    expectRed(doc.findLayer('Model').pixels!.data);
    const again = sim.openPsd(sim.savePsd(doc));
    expect(again.mode).toBe(mode);
    expectRed(again.findLayer('Model').pixels!.data);
    // A file of one layer without an alpha channel is read with one.
    if (mode === 'CMYK') expect(again.snapshot()).toBe(doc.snapshot());
  });

  it.each(['Grayscale', 'CMYK', 'Lab'] as const)(
    'saves masks and groups of a %s document, and what it shows',
    (mode) => {
      const sim = photoshop();
      const doc = sim.createDocument({ width: 9, height: 7, mode });
      const group = doc.addLayer({ name: 'Group', kind: 'group' });
      const gray = Uint8Array.from({ length: 9 * 7 * 4 }, (_, i) => (i % 4 === 3 ? 255 : 4 * (i >> 2)));
      const data = Uint8Array.from({ length: 63 }, (_, i) => i * 4);
      const mask = { left: 0, top: 0, width: 9, height: 7, data, outside: 0 };
      doc.addLayer({ name: 'Cut', data: gray, channels: 4, parent: group, mask });
      const again = sim.openPsd(sim.savePsd(doc));
      expect(again.mode).toBe(mode);
      const layer = again.findLayer('Cut');
      expect(layer.parent?.name).toBe('Group');
      expect(layer.mask).toMatchObject(mask);
      // Lab of eight bits has not every color.
      const off = layer.pixels!.data.map((value: number, i: number) => Math.abs(value - gray[i]!));
      expect(Math.max(...off)).toBeLessThanOrEqual(mode === 'Lab' ? 4 : 1);
    },
  );

  it('says that it saves no Bitmap or Indexed Color', () => {
    const sim = photoshop();
    const doc = sim.createDocument({ width: 2, height: 2, mode: 'Indexed' });
    expect(() => sim.savePsd(doc)).toThrow('writes no Indexed files');
  });

  function expectRed([r, g, b]: ArrayLike<number> & Iterable<number>): void {
    expect(r).toBeGreaterThan(250);
    expect(Math.max(g!, b!)).toBeLessThan(6);
  }
});

describe('what a file says beside its pixels', () => {
  const file = { mode: 3, width: 4, height: 3, composite: [9, 9, 9] } as const;

  it('opens in Quick Mask mode when it was saved in it', () => {
    const resources = { 1022: Uint8Array.of(0, 3, 0) };
    expect(photoshop().openPsd(psdFile({ ...file, resources })).quickMask).toBe(true);
    expect(photoshop().openPsd(psdFile(file)).quickMask).toBe(false);
  });

  it.each([
    ['grnA', 'grain'],
    ['clrd', 'clarity'],
  ])('takes a layer with %s for the adjustment %s, not for pixels', (key, kind) => {
    const layers = [
      { name: 'Below', color: [1, 2, 3] },
      { name: 'Above', color: [1, 2, 3], blocks: { [key]: Uint8Array.of(0, 0, 0, 16, 0) } },
    ];
    const doc = photoshop().openPsd(psdFile({ ...file, layers }));
    expect(doc.layers.map((layer) => [layer.name, layer.kind])).toEqual([
      ['Above', kind],
      ['Below', 'pixel'],
    ]);
  });
});
