import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Layer, type Psd, readPsd } from 'ag-psd';
import { describe, expect, it } from 'vitest';
import type { ClippingPath, Knot } from '../../../../protocol/schemas/path.ts';
import type { AlphaPlane } from '../../../../server/imaging/picture.ts';
import { layerChannel } from '../../../../server/imaging/psd/compose.ts';
import { mergedChannels } from '../../../../server/imaging/psd/flatten.ts';
import { openLayer } from '../../../../server/imaging/psd/open-layer.ts';
import { listResources } from '../../../../server/imaging/psd/read-resources.ts';
import { openRows } from '../../../../server/imaging/psd/rows.ts';
import { bufferSource } from '../../../../server/imaging/psd/source.ts';
import { readStructure } from '../../../../server/imaging/psd/structure.ts';
import { seeded } from '../../random.ts';
import { type MadeLayer, type MadePsd, makePsd, type Plane, RAW, RLE, ZIP, ZIP_PREDICTED } from './make-psd.ts';
import './no-canvas.ts';

type Random = () => number;

const knot = { anchor: [1, 1], before: [0, 1], after: [1, 0], isSmooth: false } satisfies Knot;
const PATH: ClippingPath = { width: 9, height: 9, tolerance: 1, subpaths: [{ knots: [knot, knot] }] };

async function mask(file: Buffer, layer?: string, withPath = false) {
  const open = await openLayer(bufferSource(file), layer);
  const alpha = gradient(open.width, open.height, open.depth);
  const { chunks, bytes, kept } = await open.addMask(alpha, withPath ? PATH : null);
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const result = Buffer.concat(parts);
  expect(result.length, 'the length that is announced').toBe(bytes);
  return { result, alpha, kept, name: open.name };
}

function gradient(width: number, height: number, depth: 8 | 16): AlphaPlane {
  const data = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = i % 3 === 0 ? 0 : (i * 7919) % (depth === 8 ? 256 : 65536);
  return { width, height, data };
}

const COLORS: Readonly<Record<number, number>> = { 1: 1, 3: 3, 4: 4, 9: 3 };

/** A document with groups, masks, clipped and hidden layers, saved selections and blocks that nothing here knows. */
function randomDocument(random: Random): MadePsd {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const [width, height] = [whole(1, 9), whole(1, 9)];
  const depth = pick([8, 8, 16, 32] as const);
  const mode = pick([3, 3, 1, 4, 9]);
  const colors = COLORS[mode]!;
  const compression = pick(depth === 32 ? [RAW, ZIP, ZIP_PREDICTED] : [RAW, RLE, ZIP, ZIP_PREDICTED]);
  const full = depth === 32 ? 1 : depth === 16 ? 65535 : 255;
  const plane = (count: number): Plane =>
    Array.from({ length: count }, () => (depth === 32 ? Math.fround(random()) : Math.floor(random() * (full + 1))));
  const layers: MadeLayer[] = [];
  const count = whole(1, 5);
  let nesting = 0;
  const mark = (name: string, section: number): MadeLayer => ({ name, section, bounds: [0, 0, 0, 0], channels: {} });
  for (let i = 0; i < count; i++) {
    if (random() < 0.3) nesting = layers.push(mark('end', 3)) && nesting + 1;
    const isBackground = i === 0 && layers.length === 0 && random() < 0.5;
    const [top, left] = isBackground ? [0, 0] : [whole(-3, 4), whole(-3, 4)];
    const [h, w] = isBackground ? [height, width] : [whole(1, 6), whole(1, 6)];
    const channels: Record<number, Plane> = isBackground ? {} : { [-1]: plane(h * w) };
    for (let c = 0; c < colors; c++) channels[c] = plane(h * w);
    const own = !isBackground && random() < 0.4;
    const [mh, mw] = [whole(0, 4), whole(1, 4)];
    if (own) channels[-2] = plane(mh * mw);
    // A vector mask and what it shows, weakened or not.
    const isVector = own && random() < 0.4;
    const weakened = isVector && random() < 0.5;
    const vector = isVector && { vmsk: Buffer.from('as it was drawn.') };
    const flags = isVector ? (weakened ? 24 : 8) : pick([0, 2]);
    const parameters = weakened ? { parameters: Buffer.of(4, 204) } : {};
    layers.push({
      ...{ name: `Layer ${i} ä美`, bounds: [top, left, top + h, left + w], channels, compression },
      ...{ opacity: whole(1, 255), blend: pick(['norm', 'mul ', 'diss']), isClipped: i > 0 && random() < 0.2 },
      isHidden: i > 0 && random() < 0.2,
      flags: isBackground ? 9 : 8,
      ...(own
        ? { mask: { bounds: [1, -1, 1 + mh, mw - 1] as const, outside: pick([0, 255]), flags, ...parameters } }
        : {}),
      blocks: { lspf: Buffer.of(0, 0, 0, isBackground ? 13 : 0), zzzz: Buffer.from('unknown.'), ...vector },
    });
    if (nesting > 0 && random() < 0.4) nesting = layers.push(mark('Group', 1)) && nesting - 1;
  }
  for (; nesting > 0; nesting--) layers.push(mark('Group', 2));
  const saved = whole(0, 2);
  const hasMergedTransparency = random() < 0.5;
  const extra = saved + (hasMergedTransparency ? 1 : 0);
  const names = Array.from({ length: saved }, (_, i) => `Selection ${i + 1}`);
  const unicode = names.map((name) => {
    const units = Buffer.from(`${name}\0`, 'utf16le').swap16();
    return Buffer.concat([Buffer.of(0, 0, 0, units.length / 2), units]);
  });
  const pascal = names.map((name) => Buffer.from([name.length, ...Buffer.from(name)]));
  return {
    ...{ width, height, depth, mode, isLarge: random() < 0.4, layers, hasMergedTransparency },
    compression: pick(depth === 32 ? [RAW] : [RAW, RLE]),
    merged: Array.from({ length: colors + extra }, () => plane(width * height)),
    resources: [
      ...(saved > 0
        ? ([
            [1006, Buffer.concat(pascal)],
            [1045, Buffer.concat(unicode)],
          ] as const)
        : []),
      [1005, Buffer.alloc(16, 1)],
      [1060, Buffer.from('<x:xmpmeta/>')],
      [4321, Buffer.from('odd')],
    ],
    globalBlocks: Buffer.from('8BIMPatt\0\0\0\x04abcd', 'latin1'),
  };
}

/** What a layer's vector mask leaves of a pixel of the layer. */
function shownBy({ bounds, mask, channels }: MadeLayer, y: number, x: number, full: number): number {
  const [top, left, bottom, right] = mask!.bounds;
  const [line, column] = [y + bounds[0] - top, x + bounds[1] - left];
  const isInside = line >= 0 && column >= 0 && line < bottom - top && column < right - left;
  return isInside ? channels[-2]![line * (right - left) + column]! : (mask!.outside / 255) * full;
}

/** What a document would be with the mask: the maker's own picture of the result. */
function expected(made: MadePsd, name: string, alpha: AlphaPlane): MadePsd {
  const full = made.depth === 32 ? 1 : made.depth === 16 ? 65535 : 255;
  const scale = made.depth === 32 ? 65535 : 1;
  const layers = made.layers!.map((layer, i): MadeLayer => {
    if (layer.name !== name) return layer;
    const count = alpha.width * alpha.height;
    const wasBackground = i === 0 && !layer.channels[-1];
    const channels: Record<number, Plane> = {
      ...(wasBackground ? { [-1]: Array(count).fill(full) } : {}),
      ...layer.channels,
      [-2]: Array.from(alpha.data, (v) => Math.fround(v / scale)),
    };
    const plain = { bounds: layer.bounds, outside: 0, flags: 0 };
    const isVector = ((layer.mask?.flags ?? 0) & 8) > 0;
    const mask = isVector ? { ...layer.mask, ...plain, flags: layer.mask!.flags!, real: plain } : plain;
    if (isVector) {
      channels[-3] = channels[-2]!;
      channels[-2] = Array.from(alpha.data, (v, k) => {
        const share = shownBy(layer, Math.floor(k / alpha.width), k % alpha.width, full) / full;
        return Math.fround(Math.floor(v * share + 0.5) / scale);
      });
    }
    const unlocked = { flags: 8, blocks: { ...layer.blocks, lspf: Buffer.alloc(4) } };
    return { ...layer, channels, mask, ...(wasBackground ? unlocked : {}) };
  });
  return { ...made, layers };
}

/** All that ag-psd sees of a layer, pixels in plain arrays. */
function describeLayer({ imageData, mask, children, ...rest }: Layer): object {
  const pixels = (data?: { width: number; height: number; data: ArrayLike<number> }) =>
    data && { width: data.width, height: data.height, data: Array.from(data.data) };
  return {
    ...rest,
    pixels: pixels(imageData),
    mask: mask && { ...mask, imageData: pixels(mask.imageData) },
    children: children?.map(describeLayer),
  };
}

/** In a copy: ag-psd turns deep samples round where they lie. Merged images of 16 bits it reads in part only. */
function look(file: Buffer): Psd {
  return readPsd(Buffer.from(file), { useImageData: true, skipCompositeImageData: file.readUInt16BE(22) !== 8 });
}

/** All that a document has, unpacked, whatever its depth and mode. */
async function unpack(file: Buffer) {
  const source = bufferSource(file);
  const structure = await readStructure(source);
  const layers = [];
  for (const { channels, blocks, bounds, mask: own, ...record } of structure.layers!.records) {
    const pixels: Record<number, string> = {};
    for (const channel of channels) {
      const packed = layerChannel(source, structure, channel, channel.id === -2 ? own!.bounds : bounds);
      pixels[channel.id] = (await (await openRows(packed)).next(packed.height)).toString('hex');
    }
    const bytes = [...blocks].map(([key, { start, end }]) => [key, file.toString('hex', start, end)]);
    const { name, blend, opacity, flags, isClipped, section } = record;
    layers.push({ name, blend, opacity, flags, isClipped, section, bounds, own, pixels, bytes });
  }
  const merged = [];
  for (let c = 0; c < structure.channels; c++)
    merged.push((await (await openRows(mergedChannels(source, structure), c)).next(structure.height)).toString('hex'));
  const resources = await listResources(source, structure.resources);
  return {
    ...{ layers, merged, hasMergedTransparency: structure.layers!.hasMergedTransparency },
    resources: resources.map(({ id, data }) => [id, file.toString('hex', data.start, data.end)] as const),
    globalBlocks: file.toString('latin1', structure.layers!.span.end, structure.layerSection.end),
  };
}

describe('a mask for a layer', () => {
  it('changes nothing else of random documents, for our own maker and for ag-psd', async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const made = randomDocument(seeded(seed));
      const file = makePsd(made);
      let done: Awaited<ReturnType<typeof mask>>;
      try {
        done = await mask(file, undefined, seed % 2 === 0);
      } catch (error) {
        expect((error as Error).message, `seed ${seed}`).toMatch(/no visible layer/);
        continue;
      }
      const { result, alpha, name, kept } = done;
      const before = made.layers!.find((layer) => layer.name === name)!;
      expect(kept, `seed ${seed}`).toBe(before.mask && !(before.mask.flags! & 8) ? `${name} mask` : null);
      const [all, wanted] = [await unpack(result), await unpack(makePsd(expected(made, name, alpha)))];
      expect(all.layers, `seed ${seed}`).toEqual(wanted.layers);
      expect(all.merged.slice(0, wanted.merged.length), `seed ${seed}`).toEqual(wanted.merged);
      expect(all.merged.length, `seed ${seed}`).toBe(wanted.merged.length + (kept ? 1 : 0));
      expect(all.globalBlocks.endsWith('8BIMPatt\0\0\0\x04abcd'), `seed ${seed}`).toBe(true);
      expect(all.hasMergedTransparency, `seed ${seed}`).toBe(wanted.hasMergedTransparency);
      const unnamed = ({ resources }: typeof all) => resources.filter(([id]) => ![1006, 1045, 2000, 2999].includes(id));
      expect(unnamed(all), `seed ${seed}`).toEqual(unnamed(wanted));
      const added = all.resources.filter(([id]) => id >= 2000 && id < 3000).map(([id]) => id);
      expect(added, `seed ${seed}`).toEqual(seed % 2 === 0 ? [2000, 2999] : []);
      // ag-psd reads packed lines of 16 bits as if they were 8.
      if (made.mode !== 3 || made.depth !== 8) continue;
      const [was, is, wish] = [look(file), look(result), look(makePsd(expected(made, name, alpha)))];
      expect(is.children!.map(describeLayer), `seed ${seed}`).toEqual(wish.children!.map(describeLayer));
      const { imageResources, children: _c, imageData, channels, ...rest } = is;
      expect(channels, `seed ${seed}`).toBe(was.channels! + (kept ? 1 : 0));
      // It takes a fourth channel for transparency, also where it is a saved selection.
      const shown = ({ data }: NonNullable<Psd['imageData']>) => Array.from(data).filter((_, i) => !kept || i % 4 < 3);
      expect(shown(imageData!), `seed ${seed}`).toEqual(shown(was.imageData!));
      const { imageResources: old, children: _d, imageData: _i, channels: _n, ...others } = was;
      expect(rest, `seed ${seed}`).toEqual(others);
      const { alphaChannelNames = [], ...resources } = imageResources!;
      const { alphaChannelNames: oldNames = [], ...oldResources } = old!;
      expect(resources, `seed ${seed}`).toEqual(oldResources);
      if (kept) expect(alphaChannelNames.at(-1), `seed ${seed}`).toBe(kept);
      expect(alphaChannelNames.slice(0, oldNames.length), `seed ${seed}`).toEqual(oldNames);
    }
  });

  it('can be added again, whatever the depth and mode, and the last one is kept as a channel', async () => {
    for (let seed = 200; seed < 260; seed++) {
      const file = makePsd(randomDocument(seeded(seed)));
      const first = await mask(file).catch(() => null);
      if (!first) continue;
      const layers = (await readStructure(bufferSource(first.result))).layers!.records;
      // Beside a vector mask it cannot be renewed.
      if (layers.some(({ name, mask: own }) => name === first.name && own?.real)) continue;
      const second = await mask(first.result, first.name);
      expect(second.kept, `seed ${seed}`).toMatch(/ mask( 2)?$/);
      expect(second.result.readUInt16BE(12), `seed ${seed}`).toBe(first.result.readUInt16BE(12) + 1);
      const third = await mask(second.result, first.name);
      expect(third.kept, `seed ${seed}`).not.toBe(second.kept);
    }
  });

  it('keeps the old mask, placed on the canvas, as the last channel of the merged image', async () => {
    for (const compression of [RAW, RLE]) {
      for (const isLarge of [false, true]) {
        const [width, height] = [5, 3];
        const flat = (value: number): Plane => Array(15).fill(value);
        const layer: MadeLayer = {
          ...{ name: 'Model', bounds: [0, 0, 3, 5], compression: RLE },
          channels: { [-1]: flat(255), 0: flat(1), 1: flat(2), 2: flat(3), [-2]: [10, 20, 30, 40] },
          mask: { bounds: [1, 3, 3, 5], outside: 255 },
        };
        const file = makePsd({
          width,
          height,
          depth: 8,
          mode: 3,
          compression,
          isLarge,
          merged: [flat(7), flat(8), flat(9)],
          layers: [layer],
        });
        const { result } = await mask(file);
        const old = [255, 255, 255, 255, 255, 255, 255, 255, 10, 20, 255, 255, 255, 30, 40];
        const merged = [flat(7), flat(8), flat(9), old];
        const wanted = makePsd({ width, height, depth: 8, mode: 3, compression, isLarge, merged });
        const tail = 2 + (compression === RLE ? 0 : 60);
        if (compression === RAW) expect(result.subarray(-tail)).toEqual(wanted.subarray(-tail));
        else expect(look(result).channels).toBe(4);
      }
    }
  });

  it('makes a layer of a document that has none, and copies its pixels as they are packed', async () => {
    for (const depth of [8, 16] as const) {
      for (const compression of [RAW, RLE]) {
        for (const isLarge of [false, true]) {
          const full = depth === 8 ? 255 : 65535;
          const planes = [3, 5, 7].map((step) => Array.from({ length: 35 }, (_, i) => (i * step * 311) % (full + 1)));
          const file = makePsd({ width: 7, height: 5, depth, mode: 3, compression, isLarge, merged: planes });
          const { result, alpha, name } = await mask(file);
          expect(name).toBe('Layer 0');
          const psd = look(result);
          const [layer] = psd.children!;
          expect(psd.children).toHaveLength(1);
          const { layers } = await unpack(result);
          const hex = (list: ArrayLike<number>) => {
            const bytes = Buffer.alloc((list.length * depth) / 8);
            for (let i = 0; i < list.length; i++) bytes.writeUIntBE(list[i]!, (i * depth) / 8, depth / 8);
            return bytes.toString('hex');
          };
          expect(layers[0]!.pixels).toEqual({
            [-1]: hex(Array(35).fill(full)),
            ...Object.fromEntries(planes.map((plane, id) => [id, hex(plane)])),
            [-2]: hex(alpha.data),
          });
          expect(layer!.mask).toMatchObject({ top: 0, left: 0, bottom: 5, right: 7, defaultColor: 0 });
          // What was there before is the head and the tail of the new file.
          expect(result.subarray(0, 34)).toEqual(file.subarray(0, 34));
          const pixels = file.length - 38 - (isLarge ? 4 : 0);
          expect(result.subarray(-pixels)).toEqual(file.subarray(-pixels));
        }
      }
    }
  });

  it('refuses a layer that is not there, or twice, or no pixels, and names those that are', async () => {
    const flat: Plane = [1, 2, 3, 4];
    const layer = (name: string, more = {}): MadeLayer => ({
      ...{ name, bounds: [0, 0, 2, 2], channels: { [-1]: flat, 0: flat, 1: flat, 2: flat } },
      ...more,
    });
    const empty = { bounds: [0, 0, 0, 0], channels: {} };
    const layers = [
      layer('end', { ...empty, section: 3 }),
      layer('A'),
      layer('B'),
      layer('B'),
      layer('Group', { ...empty, section: 1 }),
      layer('V', {
        channels: { [-1]: flat, 0: flat, 1: flat, 2: flat, [-2]: flat, [-3]: flat },
        mask: { bounds: [0, 0, 2, 2], outside: 0, flags: 8, real: { bounds: [0, 0, 2, 2], outside: 0 } },
      }),
    ];
    const file = makePsd({ width: 2, height: 2, depth: 8, mode: 3, merged: [flat, flat, flat], layers });
    const complaint = (name: string) =>
      openLayer(bufferSource(file), name).then(
        () => 'none',
        (error) => error.message,
      );
    expect(await complaint('A')).toBe('none');
    expect(await complaint('B')).toBe('It has 2 layers named "B".');
    expect(await complaint('C')).toBe('It has no layer named "C".');
    expect(await complaint('Group')).toBe('Layer "Group" has no pixels.');
    expect(await complaint('V')).toBe('Layer "V" has both a Layer Mask and a vector mask.');
    const hint = await openLayer(bufferSource(file), 'C').catch((error) => error.hint);
    expect(hint).toBe('Its layers are "A", "B", "B", "V".');
  });
});

const FOLDER = new URL('../../../../../shared/psd/', import.meta.url);
const FILES = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.psd')) : [];

describe.skipIf(FILES.length === 0)('documents of Photoshop (skipped: no ../shared/psd)', () => {
  it.each(FILES)('%s gets a mask on every layer in turn, and nothing else of it changes for ag-psd', async (name) => {
    const file = readFileSync(new URL(name, FOLDER));
    const was = look(file);
    for (const target of was.children!) {
      if (!target.imageData?.width || target.vectorFill || target.vectorMask) continue;
      const { result, alpha, kept } = await mask(file, target.name);
      const is = look(result);
      const layer = is.children!.find((one) => one.name === target.name)!;
      const shown = layer.mask!.imageData!;
      expect([shown.width, shown.height]).toEqual([alpha.width, alpha.height]);
      expect(Array.from(shown.data.filter((_, i) => i % 4 === 0))).toEqual(Array.from(alpha.data));
      expect(kept).toBe(target.mask ? `${target.name} mask` : null);
      const others = (psd: Psd) => psd.children!.filter((one) => one.name !== target.name).map(describeLayer);
      expect(others(is)).toEqual(others(was));
      const { mask: _m, ...now } = describeLayer(layer) as Record<string, unknown>;
      const { mask: _n, ...then } = describeLayer(target) as Record<string, unknown>;
      const unlocked =
        then.nameSource === 'bgnd'
          ? { nameSource: 'layr', protected: now.protected, transparencyProtected: false }
          : {};
      expect(now).toEqual({ ...then, ...unlocked });
    }
  });
});
