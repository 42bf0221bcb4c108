import sharp, { type SharpOptions } from 'sharp';
import { damaged } from '../damage.ts';
import { decodeSrgb, encodeSrgb, readColorSpace } from '../icc.ts';
import { TAG, TiffFile } from './directory.ts';
import { type Layout, PHOTOMETRIC } from './layout.ts';
import { wrapTiff } from './wrap.ts';

const FLOATING = 3;

/** CIE 1976: where the cube root gives way to a line. */
const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;
const D50 = [0.9642, 1, 0.8249] as const;

/** Whether the library alone would read other colors or another transparency than Photoshop shows. */
export function needsRepacking({ photometric, format, bits, samples, colors, transparency }: Layout): boolean {
  if (photometric === PHOTOMETRIC.lab || photometric === PHOTOMETRIC.iccLab || format === FLOATING || bits === 32)
    return true;
  const extra = samples - colors;
  return extra > 1 || (extra === 1 && !transparency);
}

/**
 * The same picture as a plain TIFF: colors and at most a straight transparency. Lab and floating samples become sRGB, of 16
 * bits unless they were Lab of 8. The library's own reading of the samples is bypassed where that is wrong.
 * @throws {AppError} TRUNCATED_IMAGE
 */
export async function repackTiff(bytes: Buffer, layout: Layout, failOn: 'none' | 'error'): Promise<Buffer> {
  const { width, height, directory, colors, transparency } = layout;
  const isLab = layout.photometric === PHOTOMETRIC.lab || layout.photometric === PHOTOMETRIC.iccLab;
  // The library takes Lab of 8 bits for a format of its own, so that it is told RGB.
  const file = isLab ? sayRgb(bytes, directory) : bytes;
  const options = {
    limitInputPixels: false,
    limitInputChannels: false,
    failOn,
    ignoreIcc: true,
    page: layout.page,
    pages: 1,
  };
  const image = sharp(file, options as SharpOptions);
  const { depth, space } = await image.metadata().catch((cause) => {
    throw damaged(undefined, cause);
  });
  // Samples that only a damaged directory describes: the library has no name for them.
  if (space === undefined || depth === undefined) throw damaged('its directory makes no sense');
  const isFloat = depth === 'float' || depth === 'double';
  const isDeep = depth !== 'uchar';
  // Gray loses its other samples on the way to raw pixels, and as RGB it keeps them.
  const isGray = space === 'b-w' || space === 'grey16';
  const target = isFloat ? space : isGray ? (isDeep ? 'rgb16' : 'srgb') : space;
  const { data, info } = await image
    .pipelineColorspace(space)
    .toColorspace(target)
    .raw({ depth: isFloat ? 'float' : isDeep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw damaged(undefined, cause);
    });
  if (info.width !== width || info.height !== height || info.channels < Math.min(colors, 3))
    throw damaged('its directory makes no sense');
  const samples = isFloat
    ? new Float32Array(data.buffer, data.byteOffset, data.length >> 2)
    : isDeep
      ? new Uint16Array(data.buffer, data.byteOffset, data.length >> 1)
      : data;
  const profile = directory.bytes(TAG.profile) ?? undefined;
  const orientation = directory.number(TAG.orientation, 1);
  // What gray became: three equal samples instead of one. One of them is as good.
  const shift = isGray && info.channels > colors ? info.channels - layout.samples : 0;
  const alpha = transparency && transparency.sample + shift < info.channels ? transparency.sample + shift : null;
  const source = { samples, channels: info.channels, pixels: width * height };
  const base = { width, height, orientation };
  if (isLab || isFloat) {
    const convert = isLab ? labConverter(isDeep) : floatConverter(profile, colors);
    const rgb = toSrgb(source, Math.min(colors, 3), alpha, convert, isDeep || isFloat);
    return wrapTiff({ ...base, photometric: 2, samples: alpha === null ? 3 : 4, data: rgb });
  }
  const photometric = colors === 4 ? 5 : colors === 3 ? 2 : 1;
  const count = colors + (alpha === null ? 0 : 1);
  const kept = pick(source, colors, alpha);
  return wrapTiff({ ...base, photometric, samples: count, data: kept, profile });
}

export interface Source {
  samples: Uint8Array | Uint16Array | Float32Array;
  channels: number;
  pixels: number;
}

function pick({ samples, channels, pixels }: Source, colors: number, alpha: number | null): Uint8Array | Uint16Array {
  const count = colors + (alpha === null ? 0 : 1);
  const out = samples instanceof Uint16Array ? new Uint16Array(pixels * count) : new Uint8Array(pixels * count);
  for (let i = 0, s = 0, t = 0; i < pixels; i++, s += channels) {
    for (let c = 0; c < colors; c++) out[t++] = samples[s + c]!;
    if (alpha !== null) out[t++] = samples[s + alpha]!;
  }
  return out;
}

/** From samples as they are in the file to sRGB, 0..1, clipped by the caller. */
export type Convert = (a: number, b: number, c: number) => readonly number[];

export function toSrgb(
  { samples, channels, pixels }: Source,
  colors: number,
  alpha: number | null,
  convert: Convert,
  isDeep: boolean,
) {
  const max = isDeep ? 65535 : 255;
  const count = alpha === null ? 3 : 4;
  const out = isDeep ? new Uint16Array(pixels * count) : new Uint8Array(pixels * count);
  const scale = samples instanceof Float32Array ? max : 1;
  // Comparisons that a NaN fails: it becomes 0.
  const clip = (v: number) => (v > 0 ? (v < 1 ? v * max + 0.5 : max) : 0);
  for (let i = 0, s = 0, t = 0; i < pixels; i++, s += channels, t += count) {
    const first = samples[s]!;
    const rgb = colors === 1 ? convert(first, first, first) : convert(first, samples[s + 1]!, samples[s + 2]!);
    out[t] = clip(rgb[0]!);
    out[t + 1] = clip(rgb[1]!);
    out[t + 2] = clip(rgb[2]!);
    if (alpha !== null) out[t + 3] = Math.min(max, Math.max(0, samples[s + alpha]! * scale)) + (scale === 1 ? 0 : 0.5);
  }
  return out;
}

/**
 * CIE L*a*b* of D50 as TIFF stores it (TIFF 6.0 section 23): L* over the whole range, a* and b* as signed whole numbers, times
 * 256 at 16 bits.
 */
export function labConverter(isDeep: boolean): Convert {
  const unit = isDeep ? 256 : 1;
  const white = isDeep ? 65535 : 255;
  const half = 128 * unit;
  const signed = (v: number) => (v >= half ? v - 2 * half : v) / unit;
  const light = (f: number) => (f ** 3 > EPSILON ? f ** 3 : (116 * f - 16) / KAPPA);
  return (l, a, b) => {
    const lightness = (100 * l) / white;
    const fy = (lightness + 16) / 116;
    const x = D50[0] * light(fy + signed(a) / 500);
    const y = lightness > KAPPA * EPSILON ? fy ** 3 : lightness / KAPPA;
    const z = D50[2] * light(fy - signed(b) / 200);
    // XYZ of D50 to linear sRGB, adapted with Bradford.
    return [
      encodeSrgb(3.1338561 * x - 1.6168667 * y - 0.4906146 * z),
      encodeSrgb(-0.9787684 * x + 1.9161415 * y + 0.033454 * z),
      encodeSrgb(0.0719453 * x - 0.2289914 * y + 1.4052427 * z),
    ];
  };
}

/** Floating samples are linear, as Photoshop writes them, unless their profile has another curve. */
export function floatConverter(profile: Buffer | undefined, colors: number): Convert {
  const space = profile && readColorSpace(profile);
  if (!space) return (a, b, c) => [encodeSrgb(a), encodeSrgb(b), encodeSrgb(c)];
  // Converted value by value this would take seconds; a gray profile, and sRGB's own primaries, are one curve.
  const isPlain = colors === 1 || [0.25, 0.75].every((v) => Math.abs(space.toLinear([v, 0, 0])[1]) < 2e-3);
  if (!isPlain) return (a, b, c) => space.toLinear([a, b, c]).map(encodeSrgb);
  const table = Float32Array.from({ length: 4097 }, (_, i) => space.toLinear(Array(3).fill(i / 4096))[0]);
  const isSrgb = [0.1, 0.5, 0.9].every((v) => Math.abs(space.toLinear([v, v, v])[0] - decodeSrgb(v)) < 2e-3);
  if (isSrgb) return (a, b, c) => [a, b, c];
  const one = (v: number) => {
    if (!(v > 0)) return 0;
    if (v >= 1) return 1;
    const place = v * 4096;
    const low = Math.floor(place);
    return encodeSrgb(table[low]! + (place - low) * (table[low + 1]! - table[low]!));
  };
  return (a, b, c) => [one(a), one(b), one(c)];
}

function sayRgb(bytes: Buffer, directory: Layout['directory']): Buffer {
  const copy = Buffer.from(bytes);
  const { at } = directory.entries.get(TAG.photometric)!;
  if (new TiffFile(bytes).isLittle) copy.writeUInt16LE(PHOTOMETRIC.rgb, at);
  else copy.writeUInt16BE(PHOTOMETRIC.rgb, at);
  return copy;
}
