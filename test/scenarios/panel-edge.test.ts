import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PORTS } from '../../protocol/limits.ts';
import { openEncoded } from '../../server/imaging/codec.ts';
import type { RunningServer } from '../../server/main.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { type LoadedPlugin, SimulatedPhotoshop } from '../../simulator/index.ts';
import { startRealServer } from '../fixtures/isnet.ts';
import { maskAt } from './pictures.ts';

let server: RunningServer;
let photoshop: SimulatedPhotoshop;
let panel: LoadedPlugin;
beforeAll(async () => {
  server = await startRealServer();
});
afterAll(() => server?.close());
afterEach(() => photoshop?.dispose());

const source = () => panel.document.querySelector('#preview-image')?.getAttribute('src') ?? '';

/** Waits for another preview than `before`, and decodes it as an <img> would. */
async function nextPreview(before: string) {
  await panel.waitFor(() => source() !== before, 20_000, 'another preview');
  const [, type, base64] = /^data:([^;]+);base64,(.*)$/.exec(source())!;
  const { width, height, channels, data } = await (await openEncoded(Buffer.from(base64!, 'base64'))).readRaster(8);
  return {
    type,
    width,
    height,
    at: (x: number, y: number) => [...data.subarray((y * width + x) * channels)].slice(0, 3),
  };
}

test('previews and the applied edge on a photo, with the real server', async () => {
  photoshop = new SimulatedPhotoshop({ ports: { [PORTS[0]]: server.port } });
  const photo = await (
    await openEncoded(await readFile(path.join(packageRoot, 'docs/pictures/astronaut.png')))
  ).readRaster(8);
  const document = photoshop.openPixels({ name: 'astronaut.png', ...photo });
  panel = await photoshop.loadPlugin(path.join(packageRoot, 'dist', 'photoshop'));
  await panel.showPanel();
  panel.click('#mask-subject');
  await panel.waitFor(() => panel.text('#status').startsWith('Mask added'), 110_000, 'the mask');

  panel.click('#edge-toggle');
  const checker = await nextPreview('');
  expect([checker.type, checker.width, checker.height]).toEqual(['image/jpeg', 412, Math.round((412 * 340) / 512)]);
  // A corner of her background is a checkerboard now: light gray or white.
  expect(Math.min(...checker.at(4, 4))).toBeGreaterThan(150);

  const before = source();
  panel.click('#backdrop sp-menu-item:nth-child(5)');
  const mask = await nextPreview(before);
  expect([mask.type, mask.at(4, 4), mask.at(206, 120)]).toEqual(['image/jpeg', [0, 0, 0], [255, 255, 255]]);

  const layer = document.layers[0]!;
  const countAbove = (limit: number) => {
    let count = 0;
    for (let y = 0; y < document.height; y++) {
      for (let x = 0; x < document.width; x++) if (maskAt(layer, x, y) > limit) count++;
    }
    return count;
  };
  const covered = countAbove(0.5);
  panel.type('#edge-shift', '-8');
  expect(panel.text('#edge-shift-amount')).toBe('\u22124 px');
  panel.click('#apply-edge');
  await panel.waitFor(() => document.historyStates.length === 3, 60_000, 'the edge');
  await panel.waitFor(() => panel.text('#status').startsWith('Mask added'));
  expect(document.historyStates.map(({ name }) => name)).toEqual(['Open', 'Hairline mask', 'Hairline mask']);
  // Four pixels less all round: the outline of head and shoulders is more than a thousand pixels long.
  expect(covered - countAbove(0.5)).toBeGreaterThan(1500);
  expect(covered - countAbove(0.5)).toBeLessThan(8000);

  // Another server, which has none of the mattes; and a mask that was painted on.
  const { port } = server;
  await server.close();
  server = await startRealServer(port);
  layer.mask = { ...layer.mask!, data: layer.mask!.data.map((value) => 255 - value) as Uint8Array };
  document.history.record('Invert');
  panel.type('#edge-shift', '0');
  panel.click('#apply-edge');
  await panel.waitFor(() => panel.isVisible('#question'), 60_000, 'the question');
  panel.click('#answer-replace');
  await panel.waitFor(() => document.historyStates.length === 5, 60_000, 'the mask');
  await panel.waitFor(() => panel.text('#status').startsWith('Mask added'));
  expect(document.historyStates.at(-1)!.name).toBe('Hairline mask');
  expect(document.channels.map(({ name }) => name)).toEqual(['Layer 0 mask']);
  expect(Math.abs(countAbove(0.5) - covered)).toBeLessThan(50);
  expect(panel.errors).toEqual([]);
  expect(photoshop.imageDataAlive).toBe(0);
});
