import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Psd from '@webtoon/psd';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PORTS } from '../../protocol/limits.ts';
import { RAW_TYPE } from '../../protocol/matte.ts';
import { openEncoded } from '../../server/imaging/codec.ts';
import type { RunningServer } from '../../server/main.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { type HostDocument, type LoadedPlugin, SimulatedPhotoshop } from '../../simulator/index.ts';
import { startRealServer } from '../fixtures/isnet.ts';

/** The whole product on real input: real photo, built bundle, real socket, real model, and a third-party PSD reader. */
const photo = path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample4.jpg');
const samples = path.resolve(packageRoot, '..', 'shared', 'psd');

let server: RunningServer;
let photoshop: SimulatedPhotoshop;

beforeAll(async () => {
  server = await startRealServer();
});
afterAll(() => server?.close());
afterEach(() => photoshop?.dispose());

async function click(): Promise<LoadedPlugin> {
  const panel = await photoshop.loadPlugin(path.join(packageRoot, 'dist', 'photoshop'));
  await panel.showPanel();
  panel.click('#mask-subject');
  const state = () => panel.document.querySelector('#panel')?.getAttribute('data-state') ?? '';
  await panel.waitFor(() => ['done', 'failed', 'cancelled'].includes(state()), 110_000, 'the mask');
  expect(`${state()}: ${panel.text('#status')}`).toMatch(/^done: /);
  expect(panel.errors).toEqual([]);
  return panel;
}

/** The mask of the top layer on the whole canvas, as a reader that we did not write finds it in the saved file. */
async function readSavedMask(document: HostDocument): Promise<{ mask: Uint8Array; width: number; height: number }> {
  const bytes = photoshop.savePsd(document);
  const file = Psd.parse(bytes.slice().buffer as ArrayBuffer);
  const layer = file.layers[0]!;
  const { top, left, bottom, right } = layer.maskData;
  // The reader shows a mask as gray RGBA.
  const rgba = (await layer.userMask())!;
  const mask = Uint8Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i]!);
  expect({ top, left, bottom, right }).toEqual({ top: 0, left: 0, bottom: document.height, right: document.width });
  return { mask, width: file.width, height: file.height };
}

describe('one click on a photo', () => {
  test('masks the people and nothing else', async () => {
    photoshop = new SimulatedPhotoshop({ ports: { [PORTS[0]]: server.port } });
    const jpeg = await readFile(photo);
    const picture = await (await openEncoded(jpeg)).readRaster(8);
    const document = photoshop.openPixels({ name: 'sample4.jpg', ...picture });
    const before = document.snapshot();

    const panel = await click();

    expect(panel.text('#server')).toContain('isnet on CPU');
    expect(document.historyStates.map(({ name }) => name)).toEqual(['Open', 'Hairline mask']);
    expect(photoshop.imageDataAlive).toBe(0);
    const { mask, width } = await readSavedMask(document);
    // Points picked by eye on the photo: heads, torsos and legs of four women; walls, floor and table.
    const people = [
      [280, 240],
      [800, 200],
      [1100, 240],
      [1420, 260],
      [400, 800],
      [800, 700],
      [1120, 800],
      [1500, 800],
    ];
    const room = [
      [500, 60],
      [1800, 200],
      [80, 1200],
      [1840, 600],
      [1200, 40],
    ];
    for (const [x, y] of people) expect(mask[y! * width + x!], `person at ${x},${y}`).toBeGreaterThan(240);
    for (const [x, y] of room) expect(mask[y! * width + x!], `room at ${x},${y}`).toBeLessThan(15);

    // The same photo as a file through the other door of the server: only the decoders differ.
    const response = await fetch(`${server.url}/v1/mattes`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg', accept: RAW_TYPE },
      body: jpeg,
    });
    const alpha = new Uint8Array(await response.arrayBuffer());
    expect(alpha.length).toBe(mask.length);
    let sum = 0;
    for (let i = 0; i < alpha.length; i++) sum += Math.abs(alpha[i]! - mask[i]!);
    expect(sum / alpha.length).toBeLessThan(0.05);

    // One step back, and the document is what it was.
    expect(document.layers[0]!.isBackground).toBe(false);
    document.undo();
    expect(document.snapshot()).toBe(before);
  });
});

describe('PSD files written by Photoshop', () => {
  const file = path.join(samples, 'one-layer-with-bg.psd');
  test.skipIf(!existsSync(file))(
    'one-layer-with-bg.psd: masked, saved, read back (skipped where the samples are absent)',
    async () => {
      photoshop = new SimulatedPhotoshop({ ports: { [PORTS[0]]: server.port } });
      const document = photoshop.openPsd(await readFile(file), 'one-layer-with-bg.psd');
      const names = document.layers.map(({ name }) => name);
      await click().catch((error: Error) => {
        // ISNet may find nothing in an abstract test file; then the document must be as it was.
        expect(error.message).toContain('No subject');
        expect(document.historyStates).toHaveLength(1);
      });
      expect(document.layers.map(({ name }) => name)).toEqual(names);
      if (document.historyStates.length === 1) return;
      const { mask } = await readSavedMask(document);
      expect(mask.length).toBe(document.width * document.height);
    },
  );
});
