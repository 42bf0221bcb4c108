import { existsSync, readFileSync } from 'node:fs';
import { readPsd } from 'ag-psd';
import { describe, expect, it } from 'vitest';
import { openEncoded } from '../../../../server/imaging/codec.ts';
import { composeLayers } from '../../../../server/imaging/psd/compose.ts';
import { bufferSource } from '../../../../server/imaging/psd/source.ts';
import { readStructure } from '../../../../server/imaging/psd/structure.ts';
import { type MadeLayer, makePsd, type Plane, RAW, RLE, ZIP, ZIP_PREDICTED } from './make-psd.ts';
import './no-canvas.ts';

const [WIDTH, HEIGHT] = [5, 3];
const COUNT = WIDTH * HEIGHT;
const GRAY = 1;
const RGB = 3;
const CMYK = 4;
const LAB = 9;

const flat = (value: number): Plane => Array(COUNT).fill(value);
const ramp = (step: number, full: number): Plane => Array.from({ length: COUNT }, (_, i) => (i * step) % (full + 1));

async function read(file: Buffer, depth: 8 | 16 = 8) {
  const { channels, data } = await (await openEncoded(file)).readRaster(depth);
  return { channels, data: [...data] };
}

describe('the merged image', () => {
  it.each([false, true])('of RGB is read in every depth and compression, large document: %s', async (isLarge) => {
    for (const compression of [RAW, RLE, ZIP, ZIP_PREDICTED]) {
      for (const depth of [8, 16] as const) {
        const full = depth === 8 ? 255 : 65535;
        const planes = [ramp(17, full), ramp(full > 255 ? 4099 : 16, full), flat(full)];
        const file = makePsd({ width: WIDTH, height: HEIGHT, depth, mode: RGB, compression, isLarge, merged: planes });
        const expected = Array.from({ length: 3 * COUNT }, (_, i) => planes[i % 3]![Math.floor(i / 3)]!);
        expect(await read(file, depth)).toEqual({ channels: 3, data: expected });
      }
    }
  });

  it('of gray, bitmap and indexed documents becomes RGB', async () => {
    const size = { width: WIDTH, height: HEIGHT };
    const gray = makePsd({ ...size, depth: 8, mode: GRAY, merged: [ramp(9, 255)] });
    expect((await read(gray)).data.slice(0, 6)).toEqual([0, 0, 0, 9, 9, 9]);
    const bits = makePsd({ ...size, depth: 1, mode: 0, merged: [ramp(1, 1)] });
    expect((await read(bits)).data.slice(0, 6)).toEqual([255, 255, 255, 0, 0, 0]);
    const table = Buffer.from(Array.from({ length: 768 }, (_, i) => (i < 256 ? i : i < 512 ? 255 - (i - 256) : 7)));
    const resources = [[1047, Buffer.of(0, 2)]] as const;
    const indexed = makePsd({ ...size, depth: 8, mode: 2, merged: [ramp(1, 255)], colorData: table, resources });
    expect((await read(indexed)).data.slice(0, 12)).toEqual([0, 255, 7, 255, 1, 254, 7, 255, 2, 253, 7, 0]);
  });

  it('of CMYK, Lab and 32 bits has the colors that Photoshop shows', async () => {
    const size = { width: WIDTH, height: HEIGHT };
    // No ink is stored as the full value.
    const white = await read(
      makePsd({ ...size, depth: 8, mode: CMYK, merged: [flat(255), flat(255), flat(255), flat(255)] }),
    );
    expect(Math.min(...white.data)).toBeGreaterThan(250);
    const cyan = await read(
      makePsd({ ...size, depth: 8, mode: CMYK, merged: [flat(0), flat(255), flat(255), flat(255)] }),
    );
    expect(cyan.data[0]).toBeLessThan(60);
    expect(cyan.data[2]).toBeGreaterThan(150);
    // L* 53.2, a* 80.1, b* 67.2: the red of sRGB, over D50.
    const red = await read(makePsd({ ...size, depth: 8, mode: LAB, merged: [flat(138), flat(209), flat(198)] }));
    expect(red.data[0]).toBeGreaterThan(250);
    expect(red.data[1]).toBeLessThan(12);
    expect(red.data[2]).toBeLessThan(12);
    const deep = await read(
      makePsd({ ...size, depth: 16, mode: LAB, merged: [flat(65535), flat(32768), flat(32768)] }),
      16,
    );
    expect(Math.min(...deep.data)).toBeGreaterThan(65400);
    for (const compression of [RAW, ZIP, ZIP_PREDICTED]) {
      const linear = makePsd({
        ...size,
        depth: 32,
        mode: RGB,
        compression,
        merged: [flat(0.2140411), flat(4), flat(0)],
      });
      const [r, g, b] = (await read(linear)).data;
      expect([Math.abs(r! - 127.5) < 1, g, b]).toEqual([true, 255, 0]);
    }
  });

  it('loses the white that Photoshop blends into soft edges', async () => {
    // Color 100 at half opacity over white.
    const blended = Math.round((100 * 128 + 255 * 127) / 255);
    const layers: MadeLayer[] = [layer({ channels: { [-1]: flat(128), 0: flat(100), 1: flat(0), 2: flat(255) } })];
    const merged = [flat(blended), flat(127), flat(255), flat(128)];
    const file = makePsd({
      width: WIDTH,
      height: HEIGHT,
      depth: 8,
      mode: RGB,
      merged,
      layers,
      hasMergedTransparency: true,
    });
    const { channels, data } = await read(file);
    expect(channels).toBe(4);
    expect(data.slice(0, 4).map((v, i) => Math.abs(v - [100, 0, 255, 128][i]!) <= 1)).toEqual(Array(4).fill(true));
  });

  it('ignores saved selections, and says the resolution and what else is known', async () => {
    const resolution = Buffer.alloc(16);
    resolution.writeUInt32BE(300 * 65536);
    const merged = [flat(10), flat(20), flat(30), flat(0), flat(99)];
    const file = makePsd({
      width: WIDTH,
      height: HEIGHT,
      depth: 8,
      mode: RGB,
      merged,
      resources: [
        [1005, resolution],
        [1028, Buffer.from('\x1c\x02\x50\0\x02Jo', 'latin1')],
        [1060, Buffer.from('<x:xmpmeta/>')],
      ],
    });
    expect((await read(file)).data.slice(0, 6)).toEqual([10, 20, 30, 10, 20, 30]);
    const { dpi, metadata } = await openEncoded(file);
    expect(dpi).toBe(300);
    expect(metadata?.xmp?.toString()).toBe('<x:xmpmeta/>');
    expect(metadata?.iptc?.toString('latin1')).toContain('Jo');
  });
});

function layer(changes: Partial<MadeLayer>): MadeLayer {
  return { name: 'Layer', bounds: [0, 0, HEIGHT, WIDTH], channels: { 0: flat(0), 1: flat(0), 2: flat(0) }, ...changes };
}

/** Content of a fill layer as Photoshop writes it: a descriptor with a color. */
function solidColor(kind: string, values: readonly number[]): Buffer {
  const keys = { RGBC: ['Rd  ', 'Grn ', 'Bl  '], Grsc: ['Gry '] }[kind]!;
  const u32 = (v: number) => Buffer.of(v >>> 24, (v >> 16) & 255, (v >> 8) & 255, v & 255);
  const key = (text: string) => Buffer.concat([u32(0), Buffer.from(text, 'latin1')]);
  const items = values.map((value, i) => {
    const number = Buffer.alloc(8);
    number.writeDoubleBE(value);
    return Buffer.concat([key(keys[i]!), Buffer.from('doub'), number]);
  });
  const color = Buffer.concat([u32(1), Buffer.of(0, 0), key(kind), u32(values.length), ...items]);
  return Buffer.concat([
    u32(16),
    u32(1),
    Buffer.of(0, 0),
    key('null'),
    u32(1),
    key('Clr '),
    Buffer.from('Objc'),
    color,
  ]);
}

function filled(content: Buffer): Partial<MadeLayer> {
  return { bounds: [0, 0, 0, 0], channels: {}, blocks: { SoCo: content } };
}

const NO_IMAGE = [[1057, Buffer.of(0, 0, 0, 1, 0)]] as const;

function layered(layers: readonly MadeLayer[], more = {}) {
  return makePsd({
    ...{ width: WIDTH, height: HEIGHT, depth: 8, mode: RGB, resources: NO_IMAGE },
    ...{ merged: [flat(255), flat(255), flat(255)], layers, ...more },
  });
}

const solid = (r: number, g: number, b: number, alpha?: number) => ({
  ...{ 0: flat(r), 1: flat(g), 2: flat(b) },
  ...(alpha === undefined ? {} : { [-1]: flat(alpha) }),
});

describe('layers without a compatible image', () => {
  it('are laid over each other with opacity, mask and group, hidden ones left out', async () => {
    const file = layered([
      layer({ channels: solid(200, 100, 0) }),
      layer({ name: 'end', section: 3, channels: {}, bounds: [0, 0, 0, 0] }),
      layer({
        channels: { ...solid(0, 0, 255, 255), [-2]: flat(128) },
        mask: { bounds: [0, 0, HEIGHT, WIDTH], outside: 0 },
      }),
      layer({ name: 'Group', section: 1, channels: {}, bounds: [0, 0, 0, 0], blend: 'norm', opacity: 128 }),
      layer({ channels: solid(9, 9, 9), isHidden: true }),
    ]);
    const share = (128 / 255) ** 2;
    const expected = [200 * (1 - share), 100 * (1 - share), 255 * share].map(Math.round);
    expect((await read(file)).data.slice(0, 3)).toEqual(expected);
  });

  it('may lie partly outside the canvas, and leave it transparent where there is nothing', async () => {
    const bounds = [-1, 3, 2, 7] as const;
    const values = Array.from({ length: 12 }, (_, i) => i * 10);
    const file = layered(
      [layer({ bounds, channels: { 0: values, 1: values, 2: values, [-1]: Array(12).fill(255) } })],
      {
        compression: RLE,
      },
    );
    const { channels, data } = await read(file);
    expect(channels).toBe(4);
    const red = Array.from({ length: COUNT }, (_, i) => (data[4 * i + 3] === 255 ? data[4 * i] : null));
    expect(red).toEqual([null, null, null, 40, 50, null, null, null, 80, 90, null, null, null, null, null]);
  });

  it('stay within the layer that they are clipped to, and multiply', async () => {
    const half = Array.from({ length: COUNT }, (_, i) => (i % WIDTH < 2 ? 255 : 0));
    const clipped = layered([
      layer({ channels: solid(10, 10, 10) }),
      layer({ channels: { ...solid(100, 100, 100), [-1]: half } }),
      layer({ channels: solid(250, 0, 0, 255), isClipped: true }),
    ]);
    expect((await read(clipped)).data.slice(3, 9)).toEqual([250, 0, 0, 10, 10, 10]);
    const multiplied = layered([
      layer({ channels: solid(100, 200, 255) }),
      layer({ channels: solid(128, 128, 128), blend: 'mul ' }),
    ]);
    expect((await read(multiplied)).data.slice(0, 3)).toEqual([50, 100, 128]);
  });

  it('of one color cover the canvas, as far as their mask lets them', async () => {
    const half = Array.from({ length: COUNT }, (_, i) => (i % WIDTH < 2 ? 255 : 0));
    const file = layered([
      layer(filled(solidColor('RGBC', [200, 100, 50]))),
      layer({
        ...filled(solidColor('RGBC', [0, 0, 255])),
        channels: { [-2]: half },
        mask: { bounds: [0, 0, HEIGHT, WIDTH], outside: 255 },
      }),
    ]);
    expect((await read(file)).data.slice(3, 12)).toEqual([0, 0, 255, 200, 100, 50, 200, 100, 50]);
    const gray = makePsd({
      ...{ width: WIDTH, height: HEIGHT, depth: 8, mode: GRAY, resources: NO_IMAGE, merged: [flat(255)] },
      layers: [layer(filled(solidColor('Grsc', [20])))],
    });
    expect((await read(gray)).data.slice(0, 4)).toEqual([204, 204, 204, 204]);
  });

  it('may end a line before they start, as empty shapes of Photoshop do', async () => {
    const file = layered([layer({ channels: solid(1, 2, 3) }), layer({ bounds: [0, 0, -1, 0], channels: {} })]);
    expect((await read(file)).data.slice(0, 3)).toEqual([1, 2, 3]);
  });

  it.each([
    ['an adjustment', { blocks: { levl: Buffer.alloc(4) } }],
    ['an adjustment', { blocks: { curv: Buffer.alloc(4) } }],
    ['an adjustment', { blocks: { 'hue ': Buffer.alloc(4) } }],
    ['an adjustment', { blocks: { clrL: Buffer.alloc(4) } }],
    ['a knockout', { blocks: { knko: Buffer.of(1, 0, 0, 0) } }],
    ['an artboard', { blocks: { artb: Buffer.alloc(4) } }],
    ['an unusual blend mode', { blend: 'diss' }],
    ['a vector mask', { blocks: { vmsk: Buffer.alloc(8) } }],
    ['a gradient fill', { bounds: [0, 0, 0, 0] as const, channels: {}, blocks: { GdFl: Buffer.alloc(40) } }],
    ['a pattern fill', { bounds: [0, 0, 0, 0] as const, channels: {}, blocks: { PtFl: Buffer.alloc(40) } }],
    [
      'a shape without pixels',
      {
        ...filled(solidColor('RGBC', [1, 2, 3])),
        blocks: { ...filled(solidColor('RGBC', [1, 2, 3])).blocks, vmsk: Buffer.alloc(8) },
      },
    ],
    ['a fill in a color of another mode', filled(solidColor('Grsc', [50]))],
    ['layer effects', { blocks: { lfx2: Buffer.from('\0\0\0\0enabbool\x01\0\0\0', 'latin1') } }],
  ])('are refused for %s, with its layer named', async (what, changes) => {
    const file = layered([
      layer({ channels: solid(1, 2, 3) }),
      layer({ name: 'Grade', channels: solid(1, 2, 3), ...changes }),
    ]);
    await expect(openEncoded(file)).rejects.toMatchObject({
      code: 'UNSUPPORTED_PICTURE',
      message: expect.stringContaining(`"Grade" has ${what}`),
    });
    const hidden = layered([layer({ channels: solid(1, 2, 3) }), layer({ ...changes, isHidden: true })]);
    expect((await read(hidden)).data.slice(0, 3)).toEqual([1, 2, 3]);
  });
});

const FOLDER = new URL('../../../../../shared/psd/', import.meta.url);

describe.skipIf(!existsSync(FOLDER))('documents of Photoshop (skipped: no ../shared/psd)', () => {
  it.each(['layer-with-mask.psd', 'one-layer-with-bg.psd', 'smart-object.psd'])(
    '%s, whose compatible image is missing, is composed of the layers that ag-psd sees',
    async (name) => {
      const bytes = readFileSync(new URL(name, FOLDER));
      const { children = [] } = readPsd(bytes, { useImageData: true });
      const source = bufferSource(bytes);
      const structure = await readStructure(source);
      const { strips } = await composeLayers(source, structure);
      const { samples } = (await strips.next()).value!;
      const [back, top] = [children[0]!, children[1]!];
      const { width } = structure;
      for (let i = 0; i < samples.length / 3; i++) {
        const [x, y] = [i % width, Math.floor(i / width)];
        const at = { x: x - top.left!, y: y - top.top! };
        const inside = at.x >= 0 && at.y >= 0 && at.x < top.imageData!.width && at.y < top.imageData!.height;
        const t = 4 * (at.y * top.imageData!.width + at.x);
        const mask = top.mask?.imageData;
        const m = mask && { x: x - top.mask!.left!, y: y - top.mask!.top! };
        const isMasked = m && m.x >= 0 && m.y >= 0 && m.x < mask.width && m.y < mask.height;
        const share = mask
          ? (isMasked ? mask.data[4 * (m!.y * mask.width + m!.x)]! : top.mask!.defaultColor!) / 255
          : 1;
        const alpha = inside ? (share * top.imageData!.data[t + 3]!) / 255 : 0;
        for (let c = 0; c < 3; c++) {
          const above = inside ? top.imageData!.data[t + c]! : 0;
          const expected = above * alpha + back.imageData!.data[4 * i + c]! * (1 - alpha);
          if (Math.abs(samples[3 * i + c]! - expected) > 0.51)
            expect(samples[3 * i + c], `${name} ${x},${y}`).toBe(expected);
        }
      }
    },
  );
});

describe('hostile documents', () => {
  const good = () => layered([layer({ channels: solid(1, 2, 3, 255), compression: RLE })], { compression: RLE });

  it('are refused wherever they end', async () => {
    const file = makePsd({ width: WIDTH, height: HEIGHT, depth: 8, mode: RGB, merged: [flat(1), flat(2), flat(3)] });
    for (let length = 26; length < file.length; length++)
      await expect(openEncoded(file.subarray(0, length)), String(length)).rejects.toMatchObject({
        code: 'TRUNCATED_IMAGE',
      });
  });

  it('with a wrong length anywhere are refused or read, never an unforeseen error', async () => {
    const file = good();
    for (let at = 0; at + 4 <= file.length; at++) {
      for (const value of [0xffffffff, 0x7fffffff, 0x00010000, 0]) {
        const bad = Buffer.from(file);
        bad.writeUInt32BE(value, at);
        await openEncoded(bad).catch((error) => expect(error.name, `${at} ${value} ${error.stack}`).toBe('AppError'));
      }
    }
  });

  it('that promise more pixels than they have are refused before memory is spent', async () => {
    const file = makePsd({
      width: 2,
      height: 2,
      depth: 8,
      mode: RGB,
      compression: RLE,
      merged: Array(3).fill([1, 2, 3, 4]),
    });
    file.writeUInt32BE(10_000, 14);
    file.writeUInt32BE(10_000, 18);
    const before = process.memoryUsage().arrayBuffers;
    await expect(openEncoded(file)).rejects.toMatchObject({ code: 'TRUNCATED_IMAGE' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
    file.writeUInt32BE(200_000, 18);
    await expect(openEncoded(file)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it('with groups that never end or never began are refused', async () => {
    const mark = layer({ section: 3, channels: {}, bounds: [0, 0, 0, 0] });
    const group = layer({ section: 1, channels: {}, bounds: [0, 0, 0, 0] });
    for (const layers of [[mark], [group], Array(200).fill(mark)])
      await expect(openEncoded(layered(layers))).rejects.toMatchObject({ code: 'TRUNCATED_IMAGE' });
  });
});
