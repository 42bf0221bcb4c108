import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPsd } from 'ag-psd';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClippingPath } from '../../../../protocol/schemas/path.ts';
import type { Raster } from '../../../../server/imaging/picture.ts';
import { packPath } from '../../../../server/imaging/psd/clipping-path.ts';
import { encodePsd } from '../../../../server/imaging/psd/document.ts';
import { findResource } from '../../../../server/imaging/psd/find-resource.ts';
import { TAG, TiffFile } from '../../../../server/imaging/tiff/directory.ts';
import { encodeTiff } from '../../../../server/imaging/tiff/encode.ts';
import { tracePath } from '../../../../server/matting/path/trace-path.ts';
import './no-canvas.ts';

const { readVectorMask } = createRequire(import.meta.url)('ag-psd/dist/additionalInfo.js');
const { createReader } = createRequire(import.meta.url)('ag-psd/dist/psdReader.js');

const [width, height] = [120, 80];
const alpha = { width, height, data: new Uint8Array(width * height) };
for (let i = 0; i < alpha.data.length; i++) {
  const far = Math.hypot((i % width) - 60, Math.floor(i / width) - 40);
  alpha.data[i] = 255 * Math.min(1, Math.max(0, Math.min(30 - far, far - 12)));
}
const picture: Raster = { width, height, channels: 3, data: new Uint8Array(3 * width * height).fill(90) };
const hasMagick = spawnSync('identify', ['-version']).status === 0;

let folder: string;
let clipping: ClippingPath;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hairline-path-'));
  clipping = await tracePath(alpha, 1);
});
afterAll(() => rm(folder, { recursive: true }));

async function encodeDocument(): Promise<Buffer> {
  const { chunks } = await encodePsd({ name: 'a', picture, alpha, annotation: { path: clipping } });
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** Image resources, as a document and a TIFF carry them. */
async function resourcesOf(kind: string): Promise<Buffer> {
  if (kind === 'psd') {
    const file = await encodeDocument();
    return file.subarray(34, 34 + file.readUInt32BE(30));
  }
  const file = new TiffFile(await encodeTiff(picture, { path: clipping }));
  return file.pages()[0]!.bytes(TAG.photoshop)!;
}

describe.each(['psd', 'tiff'])('the clipping path in a %s', (kind) => {
  it('has the knots of the outline, as ag-psd reads them', async () => {
    const records = findResource(await resourcesOf(kind), 2000)!;
    const mask: { paths: { open: boolean; operation: string; knots: { linked: boolean; points: number[] }[] }[] } = {
      paths: [],
    };
    const reader = createReader(records.buffer, records.byteOffset, records.length);
    readVectorMask(reader, mask, width, height, records.length);
    expect(mask.paths.map((one) => [one.open, one.operation, one.knots.length])).toEqual(
      clipping.subpaths.map(({ knots }) => [false, 'exclude', knots.length]),
    );
    const read = mask.paths.flatMap(({ knots }) => knots.flatMap(({ points }) => points));
    const wanted = clipping.subpaths.flatMap(({ knots }) =>
      knots.flatMap(({ before, anchor, after }) => [...before, ...anchor, ...after]),
    );
    expect(Math.max(...wanted.map((value, i) => Math.abs(value - read[i]!)))).toBeLessThan(1e-4);
    const linked = mask.paths.flatMap(({ knots }) => knots.map((knot) => knot.linked));
    expect(linked).toEqual(clipping.subpaths.flatMap(({ knots }) => knots.map(({ isSmooth }) => isSmooth)));
  });

  it('is named Hairline, and is the one that clips', async () => {
    const resources = await resourcesOf(kind);
    expect(resources.includes(Buffer.from('8BIM\x07\xd0\x08Hairline\0', 'latin1'))).toBe(true);
    expect(findResource(resources, 2999)).toEqual(Buffer.from('\x08Hairline\0\0\0\0\0\0\x01', 'latin1'));
  });

  it.skipIf(!hasMagick)('is what ImageMagick clips with', async () => {
    const file = path.join(folder, `a.${kind}`);
    writeFileSync(file, kind === 'psd' ? await encodeDocument() : await encodeTiff(picture, { path: clipping }));
    const { stdout } = spawnSync('identify', ['-format', '%[8BIM:1999,2998:Hairline]', `${file}[0]`], {
      encoding: 'utf8',
    });
    const svg = stdout.slice(stdout.indexOf('<svg'), stdout.indexOf('</svg>') + 6);
    const drawn = await sharp(Buffer.from(svg)).flatten({ background: 'white' }).extractChannel(0).raw().toBuffer();
    // At most half a pixel along both outlines. It draws what is clipped away in white, or the other way round, after version.
    const wrong = alpha.data.reduce((sum, value, i) => sum + Number(value > 127 === drawn[i]! > 127), 0);
    expect(Math.min(wrong, alpha.data.length - wrong)).toBeLessThan(130);
  });
});

it('a document with a path is still one for ag-psd, and a TIFF one for libvips', async () => {
  expect(readPsd(await encodeDocument(), { useImageData: true }).width).toBe(width);
  const { info } = await sharp(await encodeTiff(picture, { path: clipping }))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width, height });
});

it('records have 26 bytes, with places beyond the picture as negative fractions', () => {
  const knot = {
    anchor: [0, 0] as [number, number],
    before: [-12, -4] as [number, number],
    after: [12, 4] as [number, number],
    isSmooth: true,
  };
  const records = packPath({ width: 120, height: 80, tolerance: 1, subpaths: [{ knots: [knot, knot] }] });
  expect(records.length).toBe(26 * 5);
  expect(records.readInt32BE(26 * 3 + 2) / 2 ** 24).toBeCloseTo(-4 / 80, 6);
  expect(records.readInt32BE(26 * 3 + 6) / 2 ** 24).toBeCloseTo(-12 / 120, 6);
});
