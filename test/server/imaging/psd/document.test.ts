import Psd from '@webtoon/psd';
import { readPsd } from 'ag-psd';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { AlphaPlane, Raster } from '../../../../server/imaging/picture.ts';
import { encodePsd, type PsdDocument } from '../../../../server/imaging/psd/document.ts';
import { seeded } from '../../random.ts';
import { readStrictly } from './strict-reader.ts';
import './no-canvas.ts';

interface Shape {
  width: number;
  height: number;
  depth: 8 | 16;
  channels: 3 | 4;
}

/** Noise below flat stripes, so that both compressions occur; a mask of black, soft and white. */
function makeDocument({ width, height, depth, channels }: Shape): PsdDocument {
  const random = seeded(width * 31 + height * 7 + depth + channels);
  const max = depth === 16 ? 65535 : 255;
  const allocate = (length: number) => (depth === 16 ? new Uint16Array(length) : new Uint8Array(length));
  const noise = () => Math.floor(random() * (max + 1));
  const make = (count: 3 | 4): Raster => {
    const data = allocate(width * height * count);
    for (let i = 0; i < data.length; i++) {
      const isFlat = Math.floor(i / count / width) % 4 < 2;
      data[i] = isFlat ? Math.floor((max * ((i % count) + 1)) / 5) : noise();
    }
    return { width, height, channels: count, data };
  };
  const alpha: AlphaPlane = { width, height, data: allocate(width * height) };
  for (let i = 0; i < alpha.data.length; i++) {
    const x = (i % width) / width;
    alpha.data[i] = x < 0.4 ? 0 : x > 0.6 ? max : noise();
  }
  return { name: 'Anna ü 美', picture: make(channels), alpha, cutout: make(4), annotation: { dpi: 300 } };
}

async function encode(document: PsdDocument): Promise<Buffer> {
  const { chunks, bytes } = await encodePsd(document);
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const file = Buffer.concat(parts);
  expect(file.length, 'the length that is announced').toBe(bytes);
  return file;
}

type Samples = Uint8Array | Uint16Array;

function channelOf({ channels, data }: Raster, channel: number): Samples {
  if (channel === 3 && channels === 3) return data.slice(0, data.length / 3).fill(maxOf(data));
  const samples = data.slice(0, data.length / channels);
  for (let i = 0; i < samples.length; i++) samples[i] = data[i * channels + channel]!;
  return samples;
}

const maxOf = (data: Samples) => (data instanceof Uint16Array ? 65535 : 255);

/** The merged image by its definition. */
function expectedMerged({ picture, alpha }: PsdDocument): Samples[] {
  const max = maxOf(alpha.data);
  const own = channelOf(picture, 3);
  const opacity = alpha.data.map((a, i) => Math.round((a * own[i]!) / max));
  const colors = [0, 1, 2].map((c) =>
    channelOf(picture, c).map((v, i) => Math.round((v * opacity[i]!) / max + max - opacity[i]!)),
  );
  return [...colors, opacity];
}

/** Compares without printing a million numbers. */
function expectSame(found: Samples | undefined, wanted: Samples, what: string): void {
  expect(found?.length, what).toBe(wanted.length);
  const at = wanted.findIndex((v, i) => v !== found![i]);
  expect(at < 0 ? 'the same' : `${what}: ${found![at]} instead of ${wanted[at]} at ${at}`).toBe('the same');
}

const SIZES = [
  [1, 1],
  [3, 5],
  [257, 129],
  [4096, 1024],
  [30_001, 2],
] as const;
const shapes = SIZES.flatMap(
  ([width, height]) =>
    ([8, 16] as const).flatMap((depth) =>
      ([3, 4] as const).map((channels): Shape => ({ width, height, depth, channels })),
    ),
  // Once is enough for the large one, which takes seconds.
).filter(({ width, depth, channels }) => width !== 4096 || depth + channels === 20);

describe('a strict reader finds every sample of', () => {
  test.each(shapes)('$width x $height, $depth bits, $channels channels', async (shape) => {
    const document = makeDocument(shape);
    const { picture, alpha, cutout } = document;
    const file = readStrictly(await encode(document));
    const { width, height, depth } = shape;
    expect(file).toMatchObject({ version: width > 30_000 ? 2 : 1, width, height, depth, dpi: 300 });
    const [layer, hidden] = file.layers;
    expect(file.layers).toHaveLength(2);
    expect(layer).toMatchObject({ name: 'Anna ü 美', isHidden: false, mask: { color: 0 } });
    expect(hidden).toMatchObject({ name: 'Subject - cutout', isHidden: true, mask: null });
    expect([...layer!.channels.keys()]).toEqual([-1, 0, 1, 2, -2]);
    expect([...hidden!.channels.keys()]).toEqual([-1, 0, 1, 2]);
    for (const id of [-1, 0, 1, 2]) {
      const channel = id < 0 ? 3 : id;
      expectSame(layer!.channels.get(id)?.samples, channelOf(picture, channel), `layer, channel ${id}`);
      expectSame(hidden!.channels.get(id)?.samples, channelOf(cutout!, channel), `cut-out, channel ${id}`);
    }
    expectSame(layer!.channels.get(-2)?.samples, alpha.data, 'mask');
    expectedMerged(document).forEach((wanted, i) => {
      expectSame(file.merged[i], wanted, `merged ${i}`);
    });
  });
});

describe('readers of others, of 8 bits', () => {
  const rgba = (raster: Raster) => [0, 1, 2, 3].map((c) => channelOf(raster, c));
  const apart = (data: Uint8Array | Uint8ClampedArray) =>
    rgba({ width: 0, height: 0, channels: 4, data: Uint8Array.from(data) });

  test.each(shapes.filter(({ depth, width }) => depth === 8 && width !== 4096))(
    'find the same in $width x $height, $channels channels',
    async (shape) => {
      const document = makeDocument(shape);
      const bytes = await encode(document);
      const webtoon = Psd.parse(Uint8Array.from(bytes).buffer);
      const ag = readPsd(bytes, { useImageData: true });
      expect(webtoon.layers.map((layer: { name: string; isHidden: boolean }) => [layer.name, layer.isHidden])).toEqual([
        ['Subject - cutout', true],
        ['Anna ü 美', false],
      ]);
      const found = [
        await webtoon.layers[1]!.composite(false, false),
        await webtoon.layers[0]!.composite(false, false),
        ag.children![0]!.imageData!.data as Uint8ClampedArray,
        ag.children![1]!.imageData!.data as Uint8ClampedArray,
      ];
      const wanted = [document.picture, document.cutout!, document.picture, document.cutout!].map(rgba);
      found.forEach((pixels, i) => {
        apart(pixels).forEach((plane, c) => {
          expectSame(plane, wanted[i]![c]!, `reader and layer ${i}, channel ${c}`);
        });
      });
      const masks = [await webtoon.layers[1]!.userMask(), ag.children![0]!.mask!.imageData!.data as Uint8ClampedArray];
      for (const mask of masks) expectSame(apart(mask!)[0], document.alpha.data, 'mask');
      expect(ag.children![0]!.mask).toMatchObject({ left: 0, top: 0, defaultColor: 0 });
      expect(ag.imageResources?.resolutionInfo).toMatchObject({ horizontalResolution: 300, verticalResolution: 300 });
    },
  );
});

describe('a document', () => {
  const small = makeDocument({ width: 40, height: 30, depth: 8, channels: 3 });

  test('has one layer unless a cut-out is given, and 72 pixels per inch unless told', async () => {
    const { dpi, layers } = readStrictly(await encode({ ...small, cutout: undefined, annotation: {} }));
    expect(layers).toHaveLength(1);
    expect(dpi).toBe(72);
  });

  test('carries a profile that image libraries know', async () => {
    const { profile } = readStrictly(await encode(small));
    expect(profile.toString('latin1', 36, 40)).toBe('acsp');
    expect(profile.toString('latin1', 16, 20)).toBe('RGB ');
    const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
      .withIccProfile('srgb')
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).icc).toEqual(profile);
  });

  test('packs what packs and stores noise as it is', async () => {
    const random = seeded(3);
    const noise = new Uint8Array(40 * 30 * 3).map(() => Math.floor(random() * 256));
    const { layers } = readStrictly(await encode({ ...small, picture: { ...small.picture, data: noise } }));
    const compression = (id: number) => layers[0]!.channels.get(id)!.compression;
    expect([compression(-1), compression(0), compression(-2)]).toEqual([1, 0, 1]);
  });

  test.each(['', 'x'.repeat(300), '🙂', 'a\u0000b'])('keeps the name %j', async (name) => {
    expect(readStrictly(await encode({ ...small, name })).layers[0]!.name).toBe(name);
  });

  test('refuses rasters that do not fit together', async () => {
    const deep = { ...small.alpha, data: Uint16Array.from(small.alpha.data) };
    await expect(encodePsd({ ...small, alpha: deep })).rejects.toThrow(RangeError);
    await expect(encodePsd({ ...small, alpha: { ...small.alpha, width: 41 } })).rejects.toThrow(RangeError);
  });

  test('stops being written when it is cancelled', async () => {
    const controller = new AbortController();
    const { chunks } = await encodePsd(small, controller.signal);
    await chunks.next();
    controller.abort(new Error('enough'));
    const readOn = async () => {
      for await (const chunk of chunks) expect(chunk.length).toBeLessThan(1000);
    };
    await expect(readOn()).rejects.toThrow('enough');
  });
});
