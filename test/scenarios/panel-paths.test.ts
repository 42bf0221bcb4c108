import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostOptions } from '../../simulator/index.ts';
import { Rig } from './panel-driver.ts';
import { createPicture } from './pictures.ts';

let rig: Rig;
let root: string;
beforeEach(async () => {
  rig = new Rig();
  await rig.server.start();
  root = mkdtempSync(path.join(os.tmpdir(), 'hairline-paths-'));
});
afterEach(async () => {
  await rig.close();
  rmSync(root, { recursive: true, force: true });
});

/** Masks a document and saves a copy beside it; answers what the batch says of it. */
async function save(faults: HostOptions['faults'], file: string): Promise<string> {
  await rig.open({ faults: { ...faults } });
  const { panel, photoshop } = rig;
  photoshop.openPixels({ ...createPicture({}), name: path.basename(file), path: file });
  panel.click('#batch sp-radio[value="psd"]');
  panel.click('#batch-start');
  const ended = () => /^(Finished|Stopped)/.test(panel.text('#batch-status'));
  await panel.waitFor(() => ended() || photoshop.alerts.length > 0, 20_000, 'the end of the batch');
  rig.expectClean();
  return panel.text('#batch-list .job');
}

describe('copies beside the original, however this Photoshop reads addresses of folders', () => {
  const places = ['Shoot #2', 'Été à Paris 雨', '100 % sure', 'Hochzeit/Best of #1'];
  const ways = (['path', 'escaped', 'web'] as const).flatMap((fileAddress) =>
    places.map((place) => ({ fileAddress, place })),
  );

  test.each(ways)('$place, $fileAddress', async ({ fileAddress, place }) => {
    const folder = path.join(root, place);
    mkdirSync(folder, { recursive: true });
    // Where an address that ends at the `#` leads to.
    for (const wrong of ['Shoot ', 'Hochzeit/Best of ']) mkdirSync(path.join(root, wrong), { recursive: true });
    const line = await save({ fileAddress }, path.join(folder, 'Séance #1 à deux.jpg'));
    expect(line).toMatch(/Saved as Séance #1 à deux-masked\.psd\.$/);
    expect(readdirSync(folder)).toEqual(['Séance #1 à deux-masked.psd']);
  });

  // Two slashes lead to the root of a disk here, and to a computer on Windows.
  test.each(['path', 'escaped', 'web'] as const)('on a share, %s', async (fileAddress) => {
    const share = `\\${root.replace(/\//g, '\\')}\\Shoot #2`;
    mkdirSync(path.join(root, 'Shoot #2'));
    const line = await save({ fileAddress }, `${share}\\a.jpg`);
    expect(line).toMatch(/Saved as .*a-masked\.psd\.$/);
    expect(readdirSync(path.join(root, 'Shoot #2'))).toHaveLength(1);
  });

  test('a folder that no address leads to is named, and the copy goes nowhere else', async () => {
    mkdirSync(path.join(root, 'Shoot '));
    const line = await save({ fileAddress: 'escaped' }, path.join(root, 'Shoot #2', 'a.jpg'));
    expect(line).toMatch(/Masked, but not saved/);
    expect(readdirSync(path.join(root, 'Shoot '))).toEqual([]);
  });
});

test('a copy as PSD raises no question about compatibility', async () => {
  const line = await save({ asksForCompatibility: true }, path.join(root, 'a.jpg'));
  expect(rig.photoshop.alerts).toEqual([]);
  expect(line).toMatch(/Saved as a-masked\.psd\.$/);
});

test.each(['own', 'active', 'throws'] as const)(
  'each document of a batch has its own selection: %s',
  async (inactiveSelection) => {
    await rig.open({ faults: { inactiveSelection } });
    const { panel, photoshop } = rig;
    const [left, right] = [0, 60].map((from) => {
      const doc = photoshop.openPixels({ ...createPicture({}), name: `${from}.jpg` });
      const data = new Uint8Array(120 * 80).map((_, i) => (i % 120 >= from && i % 120 < from + 60 ? 255 : 0));
      const place = { left: 0, top: 0, width: 120, height: 80 };
      doc.selection = { ...place, data, outside: 0, enabled: true, linked: true, density: 100, feather: 0 };
      return doc;
    });
    panel.click('#batch-start');
    await panel.waitFor(() => panel.text('#batch-status').startsWith('Finished: 2 of 2 done'), 20_000, 'the end');
    // What is sent is the selection and a margin of 16 pixels at least, and the mask ends with the selection.
    for (const [doc, from] of [
      [left!, 0],
      [right!, 60],
    ] as const) {
      const mask = doc.layers[0]!.mask!;
      const shown = Array.from({ length: 120 }, (_, x) => mask.data[40 * 120 + x]! > 0);
      expect(shown.slice(0, 60).some(Boolean)).toBe(from === 0);
      expect(shown.slice(60).some(Boolean)).toBe(from === 60);
    }
    expect(photoshop.activeDocument).toBe(right);
    rig.expectClean();
  },
);
