import { AppError } from '../../errors.ts';
import { checkSize } from '../check-size.ts';
import { damaged } from '../damage.ts';
import { type LayerInfo, readLayerInfo } from './layer-info.ts';
import { type ByteSource, Cursor, type Span } from './source.ts';

/** Color modes (specification, File Header Section). */
export const MODE = {
  bitmap: 0,
  gray: 1,
  indexed: 2,
  rgb: 3,
  cmyk: 4,
  multichannel: 7,
  duotone: 8,
  lab: 9,
} as const;

/** Channels of a pixel's color; those above are transparency and saved selections. */
const COLORS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 1, 3: 3, 4: 4, 8: 1, 9: 3 };

export type PsdDepth = 1 | 8 | 16 | 32;

const MAX_CHANNELS = 56;

/** Where everything lies in a Photoshop document. */
export interface PsdStructure {
  isLarge: boolean;
  width: number;
  height: number;
  depth: PsdDepth;
  mode: number;
  /** Channels of a color: 3 in RGB. */
  colors: number;
  /** Channels of the merged image. */
  channels: number;
  colorData: Span;
  /** Without its length, as are the next two. */
  resources: Span;
  layerSection: Span;
  /** Null where there are no layers. */
  layers: LayerInfo | null;
  /** The merged image with its compression word. */
  merged: Span;
}

/**
 * Reads the skeleton of a PSD or PSB: a few bytes for each layer, no pixels.
 * Source: Adobe Photoshop File Formats Specification (2019).
 * @throws {AppError} TRUNCATED_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_PICTURE
 */
export async function readStructure(source: ByteSource): Promise<PsdStructure> {
  const head = await source.read(0, 26);
  const version = head.readUInt16BE(4);
  if (head.toString('latin1', 0, 4) !== '8BPS' || (version !== 1 && version !== 2))
    throw damaged('it has no header of a Photoshop document');
  const isLarge = version === 2;
  const [channels, height, width] = [head.readUInt16BE(12), head.readUInt32BE(14), head.readUInt32BE(18)];
  const [depth, mode] = [head.readUInt16BE(22), head.readUInt16BE(24)];
  checkSize(width, height);
  if (mode === MODE.multichannel) {
    const message = 'This document is in Multichannel mode, whose inks Hairline does not know.';
    throw new AppError('UNSUPPORTED_PICTURE', message);
  }
  const colors = COLORS[mode];
  if (!colors || !isDepth(depth, mode)) throw damaged('its header makes no sense');
  if (channels < colors || channels > MAX_CHANNELS) throw damaged(`it has ${channels} channels`);
  const cursor = new Cursor(source, { start: 26, end: source.length }, isLarge);
  const colorData = await cursor.span(await cursor.u32());
  const resources = await cursor.span(await cursor.u32());
  const layerSection = await cursor.span(await cursor.size());
  const layers = await readLayerInfo(source, layerSection, isLarge);
  const merged = { start: cursor.at, end: source.length };
  return { isLarge, width, height, depth, mode, colors, channels, colorData, resources, layerSection, layers, merged };
}

function isDepth(depth: number, mode: number): depth is PsdDepth {
  if (mode === MODE.bitmap) return depth === 1;
  if (mode === MODE.indexed || mode === MODE.duotone) return depth === 8 || (depth === 16 && mode === MODE.duotone);
  return depth === 8 || depth === 16 || depth === 32;
}
