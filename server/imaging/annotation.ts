import type { MetadataChoice, ProfileChoice } from '../../protocol/matte.ts';
import type { ClippingPath } from '../../protocol/schemas/path.ts';
import { type ColorSpace, decodeSrgb, readColorSpace } from './icc.ts';
import { chooseMetadata, type Metadata } from './metadata/metadata.ts';
import type { Picture, Raster } from './picture.ts';

/** What a file says beside its pixels. */
export interface Annotation {
  /** ICC profile of its RGB numbers; absent: sRGB. */
  profile?: Buffer | undefined;
  /** Pixels per inch. */
  dpi?: number | undefined;
  metadata?: Metadata | undefined;
  /** In documents and color TIFFs. */
  path?: ClippingPath | undefined;
}

/** What results take over from their picture, beside its resolution. */
export interface Inheritance {
  profile: ProfileChoice;
  metadata: MetadataChoice;
}

export const NOTHING: Inheritance = { profile: 'srgb', metadata: 'none' };

type Color = readonly [number, number, number];

/** A picture as its results show it. */
export interface Inherited {
  annotation: Annotation;
  /** In the profile of the annotation. */
  readRaster: Picture['readRaster'];
  /** From sRGB, 0..255, to that profile. */
  encodeColor(color: Color): Color;
  /** The same for a background picture, in place. */
  encodeRaster(raster: Raster): Raster;
}

/**
 * @param hasBackground sRGB will be laid behind the picture. A profile that is built of tables does not say how to convert that:
 * then the result is sRGB
 */
export function inherit(picture: Picture, { profile, metadata }: Inheritance, hasBackground = false): Inherited {
  const space = profile === 'keep' && picture.own ? readColorSpace(picture.own.profile) : null;
  const own = profile === 'keep' && (space || !hasBackground) ? picture.own : undefined;
  const annotation = { profile: own?.profile, dpi: picture.dpi, metadata: chooseMetadata(picture.metadata, metadata) };
  if (!own || !space) {
    const source = own ?? picture;
    return {
      annotation,
      readRaster: (depth, rows) => source.readRaster(depth, rows),
      encodeColor: (color) => color,
      encodeRaster: (raster) => raster,
    };
  }
  return {
    annotation,
    readRaster: (depth, rows) => own.readRaster(depth, rows),
    encodeColor: (color) => encodeColor(color, space),
    encodeRaster: (raster) => encodeRaster(raster, space),
  };
}

function encodeColor(color: Color, space: ColorSpace): Color {
  const numbers = space.fromLinear(color.map((v) => decodeSrgb(v / 255)));
  return numbers.map((v) => Math.round(255 * Math.min(1, Math.max(0, v)))) as [number, number, number];
}

function encodeRaster(raster: Raster, space: ColorSpace): Raster {
  const { channels, data } = raster;
  const max = data instanceof Uint16Array ? 65535 : 255;
  const linear = Float64Array.from({ length: max + 1 }, (_, v) => decodeSrgb(v / max));
  for (let i = 0; i < data.length; i += channels) {
    const numbers = space.fromLinear([linear[data[i]!]!, linear[data[i + 1]!]!, linear[data[i + 2]!]!]);
    for (let c = 0; c < 3; c++) data[i + c] = max * Math.min(1, Math.max(0, numbers[c]!)) + 0.5;
  }
  return raster;
}
