import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Psd from '@webtoon/psd';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, type Delivery } from '../../plugin/settings/settings.ts';
import { PORTS } from '../../protocol/limits.ts';
import { openEncoded } from '../../server/imaging/codec.ts';
import type { RunningServer } from '../../server/main.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { flatten } from '../../simulator/composite.ts';
import { type HostDocument, SimulatedPhotoshop } from '../../simulator/index.ts';
import { startRealServer } from '../fixtures/isnet.ts';

/** New colors from the real server, in a document of layers. */
const photo = path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample4.jpg');
const WIDTH = 640;
const HEIGHT = 432;

let server: RunningServer;
let photoshop: SimulatedPhotoshop;
const opened: SimulatedPhotoshop[] = [];

beforeAll(async () => {
  server = await startRealServer();
});
afterAll(() => server?.close());
afterEach(async () => {
  for (const one of opened.splice(0)) await one.dispose();
});

/** The photograph over white, with one output made of it. */
async function make(delivery: Delivery): Promise<HostDocument> {
  photoshop = new SimulatedPhotoshop({ ports: { [PORTS[0]]: server.port } });
  opened.push(photoshop);
  const panel = await photoshop.loadPlugin(path.join(packageRoot, 'dist', 'photoshop'));
  const rgb = await (await openEncoded(await readFile(photo))).readGrid(WIDTH, HEIGHT);
  const white = new Uint8Array(WIDTH * HEIGHT * 3).fill(255);
  const document = photoshop.openPixels({ width: WIDTH, height: HEIGHT, channels: 3, data: white });
  const data = new Uint8Array(WIDTH * HEIGHT * 4).fill(255);
  for (let i = 0; i < WIDTH * HEIGHT; i++) data.set(rgb.subarray(i * 3, i * 3 + 3), i * 4);
  document.addLayer({ name: 'Women', data, channels: 4 });
  const settings = JSON.stringify({ ...DEFAULT_SETTINGS, delivery });
  const info = { 'com.hairline.version': 1, 'com.hairline.settings': settings };
  await panel.playStep({ name: 'Hairline', methodName: 'hairlineMaskSubject', info });
  expect([panel.errors, photoshop.imageDataAlive]).toEqual([[], 0]);
  return document;
}

const shown = (document: HostDocument) => flatten(document, document.layers, document.rect).data;

function difference(a: ArrayLike<number>, b: ArrayLike<number>, isCounted: (pixel: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    if (!isCounted(pixel)) continue;
    count++;
    for (let channel = 0; channel < 3; channel++)
      sum += Math.abs(a[pixel * 4 + channel]! - b[pixel * 4 + channel]!) / 3;
  }
  return sum / count;
}

test('a cut-out and a mask with a color layer show the same, and not what a mask alone shows', async () => {
  const [plain, cutout, clean] = [await make('mask'), await make('layer'), await make('mask+color')];
  const mask = plain.findLayer('Women').mask!.data;
  const isSoft = (pixel: number) => mask[pixel]! > 25 && mask[pixel]! < 230;
  const all = () => true;
  expect(difference(shown(cutout), shown(clean), all)).toBeLessThan(0.05);
  expect(difference(shown(cutout), shown(clean), isSoft)).toBeLessThan(0.5);
  expect(difference(shown(plain), shown(clean), isSoft)).toBeGreaterThan(2);
  // What is solid keeps its own colors.
  expect(difference(shown(plain), shown(clean), (pixel) => mask[pixel] === 255)).toBeLessThan(0.2);

  const colors = clean.findLayer('Women colors').pixels!;
  const isCovered = (pixel: number) => {
    const [x, y] = [(pixel % WIDTH) - colors.left, Math.floor(pixel / WIDTH) - colors.top];
    const inside = x >= 0 && y >= 0 && x < colors.width && y < colors.height;
    return inside && colors.data[(y * colors.width + x) * 4 + 3]! > 0;
  };
  const solid = Array.from({ length: WIDTH * HEIGHT }, (_, pixel) => pixel).filter((pixel) => mask[pixel] === 255);
  expect(solid.filter(isCovered).length / solid.length).toBeLessThan(0.02);

  const file = Psd.parse(photoshop.savePsd(clean).slice().buffer as ArrayBuffer);
  expect(Array.from(file.layers as readonly { name: string }[], ({ name }) => name)).toEqual([
    'Women colors',
    'Women',
    'Background',
  ]);
});
