import { deflateSync } from 'node:zlib';

/** Samples of one channel, row-major; floating ones for 32 bits. */
export type Plane = readonly number[];

export interface MadeLayer {
  name: string;
  /** top, left, bottom, right */
  bounds: readonly [number, number, number, number];
  /** By channel id; 0.. are colors, -1 is transparency, -2 the mask, -3 the layer's own beside a vector mask. */
  channels: Readonly<Record<number, Plane>>;
  blend?: string;
  opacity?: number;
  isHidden?: boolean;
  isClipped?: boolean;
  flags?: number;
  mask?: {
    bounds: readonly [number, number, number, number];
    outside: number;
    flags?: number;
    real?: { bounds: readonly [number, number, number, number]; outside: number };
    parameters?: Buffer;
  };
  /** Type of a section divider. */
  section?: number;
  /** Further blocks by key. */
  blocks?: Readonly<Record<string, Buffer>>;
  compression?: number;
}

export interface MadePsd {
  width: number;
  height: number;
  depth: 1 | 8 | 16 | 32;
  mode: number;
  isLarge?: boolean;
  compression?: number;
  merged: readonly Plane[];
  colorData?: Buffer;
  layers?: readonly MadeLayer[];
  hasMergedTransparency?: boolean;
  resources?: readonly (readonly [id: number, data: Buffer])[];
  /** After the layers. */
  globalBlocks?: Buffer;
}

export const RAW = 0;
export const RLE = 1;
export const ZIP = 2;
export const ZIP_PREDICTED = 3;

const u16 = (v: number) => Buffer.of((v >> 8) & 255, v & 255);
const u32 = (v: number) => Buffer.of((v >>> 24) & 255, (v >> 16) & 255, (v >> 8) & 255, v & 255);
const ascii = (text: string) => Buffer.from(text, 'latin1');
const pad = (data: Buffer, multiple: number) =>
  Buffer.concat([data, Buffer.alloc((multiple - (data.length % multiple)) % multiple)]);

/** A Photoshop document as the specification describes it, written without a line of the product's. */
export function makePsd(psd: MadePsd): Buffer {
  const { width, height, depth, mode, isLarge = false, merged, layers = [] } = psd;
  const size = (v: number) => (isLarge ? Buffer.concat([u32(Math.floor(v / 2 ** 32)), u32(v % 2 ** 32)]) : u32(v));
  const resources = Buffer.concat(
    (psd.resources ?? []).map(([id, data]) =>
      Buffer.concat([ascii('8BIM'), u16(id), u16(0), u32(data.length), pad(data, 2)]),
    ),
  );
  const colorData = psd.colorData ?? Buffer.alloc(0);
  const info = layers.length > 0 ? layerInfo(psd, size) : Buffer.alloc(0);
  const deepKey = depth === 32 ? 'Lr32' : 'Lr16';
  const section =
    layers.length === 0
      ? Buffer.alloc(0)
      : depth > 8
        ? Buffer.concat([
            size(0),
            u32(0),
            ascii('8BIM'),
            ascii(deepKey),
            size(info.length),
            info,
            psd.globalBlocks ?? Buffer.alloc(0),
          ])
        : Buffer.concat([size(info.length), info, u32(0), psd.globalBlocks ?? Buffer.alloc(0)]);
  return Buffer.concat([
    ...[ascii('8BPS'), u16(isLarge ? 2 : 1), Buffer.alloc(6), u16(merged.length), u32(height), u32(width)],
    ...[u16(depth), u16(mode), u32(colorData.length), colorData, u32(resources.length), resources],
    ...[size(section.length), section],
    packChannels(merged, width, height, depth, psd.compression ?? RAW, isLarge),
  ]);
}

function layerInfo(
  { layers = [], depth, isLarge = false, hasMergedTransparency }: MadePsd,
  size: (v: number) => Buffer,
) {
  const records: Buffer[] = [u16(hasMergedTransparency ? -layers.length : layers.length)];
  const pixels: Buffer[] = [];
  for (const layer of layers) {
    const [top, left, bottom, right] = layer.bounds;
    const channels = Object.entries(layer.channels).map(([id, plane]) => {
      const [t, l, b, r] = maskBounds(layer, Number(id)) ?? layer.bounds;
      return [Number(id), packChannels([plane], r - l, b - t, depth, layer.compression ?? RAW, isLarge)] as const;
    });
    channels.sort(([a], [b]) => a - b);
    pixels.push(...channels.map(([, data]) => data));
    const unicode = Buffer.from(layer.name, 'utf16le').swap16();
    const blocks = {
      luni: pad(Buffer.concat([u32(layer.name.length), unicode]), 4),
      ...(layer.section
        ? { lsct: Buffer.concat([u32(layer.section), ascii('8BIM'), ascii(layer.blend ?? 'pass')]) }
        : {}),
      ...layer.blocks,
    };
    const short = ascii(layer.name.replace(/[^ -~]/g, '?').slice(0, 31));
    const mask = maskData(layer.mask);
    const extra = Buffer.concat([
      ...[mask, u32(0), pad(Buffer.concat([Buffer.of(short.length), short]), 4)],
      ...Object.entries(blocks).map(([key, data]) =>
        Buffer.concat([ascii('8BIM'), ascii(key), u32(data.length), data]),
      ),
    ]);
    records.push(
      ...[top, left, bottom, right].map(u32),
      u16(channels.length),
      ...channels.flatMap(([id, data]) => [u16(id), size(data.length)]),
      ...[ascii('8BIM'), ascii(layer.blend ?? 'norm'), Buffer.of(layer.opacity ?? 255, layer.isClipped ? 1 : 0)],
      Buffer.of((layer.flags ?? 8) | (layer.isHidden ? 2 : 0), 0),
      u32(extra.length),
      extra,
    );
  }
  return pad(Buffer.concat([...records, ...pixels]), 4);
}

function maskBounds({ mask }: MadeLayer, id: number) {
  if (id === -3) return mask!.real!.bounds;
  return id === -2 ? mask!.bounds : null;
}

function maskData(mask: MadeLayer['mask']): Buffer {
  if (!mask) return u32(0);
  const { bounds, outside, flags = 0, real, parameters = Buffer.alloc(0) } = mask;
  const own = real ? [Buffer.of(0, real.outside), ...real.bounds.map(u32)] : [];
  const data = Buffer.concat([...bounds.map(u32), Buffer.of(outside, flags), ...own, parameters]);
  const padded = pad(data, 4);
  return Buffer.concat([u32(padded.length), padded]);
}

function packChannels(
  planes: readonly Plane[],
  width: number,
  height: number,
  depth: number,
  compression: number,
  isLarge: boolean,
) {
  const lines = planes.flatMap((plane) =>
    Array.from({ length: height }, (_, y) => lineBytes(plane.slice(y * width, (y + 1) * width), depth)),
  );
  if (compression === RAW) return Buffer.concat([u16(RAW), ...lines]);
  if (compression === RLE) {
    const packed = lines.map(packLine);
    return Buffer.concat([u16(RLE), ...packed.map(({ length }) => (isLarge ? u32(length) : u16(length))), ...packed]);
  }
  const rows = compression === ZIP_PREDICTED ? lines.map((line) => predict(line, depth)) : lines;
  return Buffer.concat([u16(compression), deflateSync(Buffer.concat(rows))]);
}

function lineBytes(samples: Plane, depth: number): Buffer {
  if (depth === 8) return Buffer.from(samples);
  if (depth === 16) return Buffer.concat(samples.map(u16));
  if (depth === 1) {
    const out = Buffer.alloc(Math.ceil(samples.length / 8));
    for (const [x, v] of samples.entries()) if (v) out[x >> 3]! |= 128 >> (x & 7);
    return out;
  }
  const out = Buffer.alloc(4 * samples.length);
  for (const [x, v] of samples.entries()) out.writeFloatBE(v, 4 * x);
  return out;
}

/** Literals and runs, and now and then the idle byte 128, which readers must skip. */
function packLine(line: Buffer): Buffer {
  const out: number[] = [];
  for (let i = 0; i < line.length; ) {
    let run = 1;
    while (run < 128 && line[i + run] === line[i] && i + run < line.length) run++;
    if (run > 1) out.push(257 - run, line[i]!);
    else out.push(0, line[i]!);
    i += run;
  }
  if (line.length % 3 === 0) out.push(128);
  return Buffer.from(out);
}

function predict(line: Buffer, depth: number): Buffer {
  const out = Buffer.from(line);
  if (depth === 16) {
    for (let i = line.length - 2; i >= 2; i -= 2)
      out.writeUInt16BE((line.readUInt16BE(i) - line.readUInt16BE(i - 2)) & 0xffff, i);
    return out;
  }
  if (depth === 32) {
    const width = line.length / 4;
    for (let x = 0; x < width; x++) for (let b = 0; b < 4; b++) out[b * width + x] = line[4 * x + b]!;
  }
  for (let i = out.length - 1; i >= 1; i--) out[i] = (out[i]! - out[i - 1]!) & 255;
  return out;
}
