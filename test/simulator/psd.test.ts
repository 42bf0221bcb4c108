import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { gradient, photo, photoshop } from './helpers.ts';

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
