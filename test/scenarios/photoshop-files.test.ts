import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Psd from '@webtoon/psd';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../server/system/package-root.ts';
import type { HostDocument } from '../../simulator/index.ts';
import { Rig } from './panel-driver.ts';
import { maskAt } from './pictures.ts';

const samples = path.resolve(packageRoot, '..', 'shared', 'psd');

/** Files that Photoshop itself has written, through the built panel, and back through a reader that we did not write. */
describe.skipIf(!existsSync(samples))('PSD files written by Photoshop (skipped where the samples are absent)', () => {
  const rig = new Rig();
  beforeEach(async () => {
    await rig.server.start();
    await rig.open();
  });
  afterEach(() => rig.close());

  test.each(['one-layer-with-bg.psd', 'layer-with-mask.psd', 'smart-object.psd'])(
    '%s: masked, saved, read back',
    async (name) => {
      const document = rig.photoshop.openPsd(readFileSync(path.join(samples, name)), name);
      const layer = document.layers.find(({ kind, isBackground }) => kind !== 'solidColor' && !isBackground)!;
      document.activeLayers = [layer];
      let end = await rig.click();
      if (layer.mask !== null && end.startsWith('asking')) {
        rig.panel.click('#answer-replace');
        const state = () => rig.panel.document.querySelector('#panel')?.getAttribute('data-state');
        await rig.panel.waitFor(() => state() === 'done' || state() === 'failed', 20_000, 'the mask');
        end = `${state()}: ${rig.panel.text('#status')}`;
      }
      expect(end).toMatch(/^done: /);
      await expectSameMask(document, layer.name);
    },
  );

  async function expectSameMask(document: HostDocument, name: string): Promise<void> {
    const bytes = rig.photoshop.savePsd(document);
    const saved = Psd.parse(bytes.slice().buffer as ArrayBuffer).layers.find(
      (layer: { name: string }) => layer.name === name,
    )!;
    const { left, top, right, bottom } = saved.maskData;
    expect({ left, top, right, bottom }).toEqual({ left: 0, top: 0, right: document.width, bottom: document.height });
    // The reader shows a mask as gray RGBA.
    const rgba: Uint8ClampedArray = (await saved.userMask())!;
    const layer = document.findLayer(name);
    let different = 0;
    for (let y = 0; y < document.height; y++)
      for (let x = 0; x < document.width; x++)
        if (rgba[4 * (y * document.width + x)] !== Math.round(255 * maskAt(layer, x, y))) different++;
    expect(different).toBe(0);
    expect(rgba.some((value, i) => i % 4 === 0 && value > 200)).toBe(true);
  }
});
