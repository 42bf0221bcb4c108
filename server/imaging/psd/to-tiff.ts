import { damaged } from '../damage.ts';
import { floatConverter, labConverter, toSrgb } from '../tiff/repack.ts';
import { allocateTiff } from '../tiff/wrap.ts';
import type { Composition } from './compose.ts';
import { RESOURCE, type ResourceBlock, readResource } from './read-resources.ts';
import type { Pixels } from './samples.ts';
import type { ByteSource } from './source.ts';
import { MODE, type PsdStructure } from './structure.ts';

/** Turns samples as a document has them into those of the TIFF. */
type Convert = (samples: Pixels) => Uint8Array | Uint16Array;

interface Target {
  photometric: 1 | 2 | 5;
  colors: number;
  bits: 8 | 16;
  profile: Buffer | undefined;
  hasAlpha: boolean;
  convert: Convert;
}

/**
 * Gray, RGB and CMYK of 8 and 16 bits stay as they are and keep their profile; Lab and floating samples become sRGB.
 * @param size of the picture, where that is not the document's; deep samples lose their lower bits where they would take more than
 * `most` bytes
 */
export async function stripsToTiff(
  source: ByteSource,
  structure: PsdStructure,
  resources: readonly ResourceBlock[],
  { strips, hasAlpha }: Composition,
  size: { width: number; height: number; most?: number | undefined } = structure,
): Promise<Buffer> {
  const target = await chooseTarget(source, structure, resources, hasAlpha);
  const { photometric, profile } = target;
  const samples = target.colors + (target.hasAlpha ? 1 : 0);
  const { width, height, most = Number.POSITIVE_INFINITY } = size;
  const bits = width * height * samples * 2 > most ? 8 : target.bits;
  let tiff: ReturnType<typeof allocateTiff> | undefined;
  for await (const strip of strips) {
    // Not before there are pixels: a document that only promises them costs no memory.
    tiff ??= allocateTiff({ width, height, photometric, samples, profile }, bits);
    const converted = target.convert(strip.samples);
    const data = bits < target.bits ? Uint8Array.from(converted, (v) => (v + 128) / 257) : converted;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    tiff.pixels.set(bytes, (strip.top * width * samples * bits) / 8);
  }
  return tiff!.file;
}

async function chooseTarget(
  source: ByteSource,
  structure: PsdStructure,
  resources: readonly ResourceBlock[],
  hasAlpha: boolean,
): Promise<Target> {
  const { mode, depth, colors } = structure;
  const profile = (await readResource(source, resources, RESOURCE.profile)) ?? undefined;
  const bits = depth === 16 ? 16 : 8;
  const keep: Convert = (samples) => samples as Uint8Array | Uint16Array;
  if (mode === MODE.lab && depth !== 32) return labTarget(bits, hasAlpha);
  if (depth === 32) {
    const convert = floatConverter(profile, colors);
    return {
      ...{ photometric: 2, colors: 3, bits: 16, profile: undefined, hasAlpha },
      convert: (samples) =>
        toSrgb(sourceOf(samples, colors, hasAlpha), Math.min(colors, 3), hasAlpha ? colors : null, convert, true),
    };
  }
  if (mode === MODE.indexed) return indexedTarget(source, structure, resources);
  if (mode === MODE.cmyk)
    return { photometric: 5, colors, bits, profile, hasAlpha, convert: inkConverter(colors, hasAlpha) };
  // The inks of a duotone, and bitmaps, are read as gray, which the specification asks for.
  const own = mode === MODE.gray || mode === MODE.rgb ? profile : undefined;
  return { photometric: mode === MODE.rgb ? 2 : 1, colors, bits, profile: own, hasAlpha, convert: keep };
}

function sourceOf(samples: Pixels, colors: number, hasAlpha: boolean) {
  const channels = colors + (hasAlpha ? 1 : 0);
  return { samples, channels, pixels: samples.length / channels };
}

/** TIFF has a* and b* as signed numbers, Photoshop moved by half the range. */
function labTarget(bits: 8 | 16, hasAlpha: boolean): Target {
  const flip = bits === 16 ? 0x8000 : 0x80;
  const convert = labConverter(bits === 16);
  return {
    ...{ photometric: 2, colors: 3, bits, profile: undefined, hasAlpha },
    convert(samples) {
      const lab = samples.slice() as Uint8Array | Uint16Array;
      const channels = hasAlpha ? 4 : 3;
      for (let i = 0; i < lab.length; i += channels) {
        lab[i + 1]! ^= flip;
        lab[i + 2]! ^= flip;
      }
      return toSrgb(sourceOf(lab, 3, hasAlpha), 3, hasAlpha ? 3 : null, convert, bits === 16);
    },
  };
}

/** Photoshop stores 0 for full ink, TIFF for none. */
function inkConverter(colors: number, hasAlpha: boolean): Convert {
  return (samples) => {
    const out = samples.slice() as Uint8Array | Uint16Array;
    const full = out instanceof Uint16Array ? 65535 : 255;
    const channels = colors + (hasAlpha ? 1 : 0);
    for (let i = 0; i < out.length; i += channels) for (let c = 0; c < colors; c++) out[i + c] = full - out[i + c]!;
    return out;
  };
}

/** Specification, Color Mode Data: 256 values of red, then of green, then of blue. */
async function indexedTarget(
  source: ByteSource,
  { colorData }: PsdStructure,
  resources: readonly ResourceBlock[],
): Promise<Target> {
  if (colorData.end - colorData.start < 768) throw damaged('its color table is missing');
  const table = await source.read(colorData.start, 768);
  const clear = await readResource(source, resources, RESOURCE.transparencyIndex);
  const transparent = clear && clear.length >= 2 ? clear.readInt16BE() : -1;
  const channels = transparent >= 0 ? 4 : 3;
  return {
    ...{ photometric: 2, colors: 3, bits: 8, profile: undefined, hasAlpha: channels === 4 },
    convert(samples) {
      const out = new Uint8Array(samples.length * channels);
      for (let i = 0, o = 0; i < samples.length; i++, o += channels) {
        const index = samples[i]!;
        for (let c = 0; c < 3; c++) out[o + c] = table[256 * c + index]!;
        if (channels === 4) out[o + 3] = index === transparent ? 0 : 255;
      }
      return out;
    },
  };
}
