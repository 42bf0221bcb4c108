import { damaged } from '../damage.ts';
import { type Composition, composeLayers, type FlatStrip, linesOfStrip } from './compose.ts';
import { listResources, RESOURCE, type ResourceBlock, readResource } from './read-resources.ts';
import { openRows, type PackedChannels, type RowReader } from './rows.ts';
import { fullOf, newPixels, type Pixels, toSamples } from './samples.ts';
import { type ByteSource, bufferSource } from './source.ts';
import { type PsdStructure, readStructure } from './structure.ts';
import { stripsToTiff } from './to-tiff.ts';

/** The picture of a Photoshop document in a form that the image library reads. */
export interface FlatDocument {
  tiff: Buffer;
  /** Pixels per inch, if the document states it. */
  dpi: number | undefined;
}

/**
 * What Photoshop shows of a document: its merged image where it has a real one, else its layers, composed.
 * @throws {AppError} TRUNCATED_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_PICTURE
 */
export function flattenPsd(bytes: Buffer): Promise<FlatDocument> {
  return flattenSource(bufferSource(bytes));
}

/** @param most bytes; deep samples lose their lower bits where they would take more */
export async function flattenSource(source: ByteSource, most?: number): Promise<FlatDocument> {
  const structure = await readStructure(source);
  const resources = await listResources(source, structure.resources);
  const composition = await choose(source, structure, resources);
  return {
    tiff: await stripsToTiff(source, structure, resources, composition, { ...structure, most }),
    dpi: readDpi(await readResource(source, resources, RESOURCE.resolution)),
  };
}

async function choose(
  source: ByteSource,
  structure: PsdStructure,
  resources: readonly ResourceBlock[],
): Promise<Composition> {
  if (await hasMerged(source, structure, resources)) return readMerged(source, structure);
  if (structure.layers) return composeLayers(source, structure);
  throw damaged('its pixels are missing');
}

/** Photoshop writes a white image and says so where "Maximize Compatibility" is off; a document without layers has its pixels there. */
async function hasMerged(source: ByteSource, { merged, layers }: PsdStructure, resources: readonly ResourceBlock[]) {
  if (merged.end - merged.start <= 2) return false;
  const version = await readResource(source, resources, RESOURCE.versionInfo);
  return !layers || !version || version.length < 5 || version[4] !== 0;
}

function readDpi(resolution: Buffer | null): number | undefined {
  const dpi = resolution && resolution.length >= 4 ? resolution.readUInt32BE() / 65536 : 0;
  return dpi >= 1 ? Math.round(dpi * 100) / 100 : undefined;
}

function readMerged(source: ByteSource, structure: PsdStructure): Composition {
  const { colors, channels, layers } = structure;
  const hasAlpha = Boolean(layers?.hasMergedTransparency) && channels > colors;
  return { hasAlpha, strips: mergedStrips(source, structure, hasAlpha) };
}

export function mergedChannels(source: ByteSource, structure: PsdStructure): PackedChannels {
  const { width, height, depth, isLarge, channels, merged } = structure;
  return { source, span: merged, width, height, depth, isLarge, count: channels };
}

async function* mergedStrips(
  source: ByteSource,
  structure: PsdStructure,
  hasAlpha: boolean,
): AsyncGenerator<FlatStrip> {
  const { colors, mode } = structure;
  const count = colors + (hasAlpha ? 1 : 0);
  const packed = mergedChannels(source, structure);
  const readers: RowReader[] = [];
  for (let c = 0; c < count; c++) readers.push(await openRows(packed, c));
  for await (const strip of interleave(readers, structure)) {
    if (hasAlpha) removeWhite(strip.samples, colors, fullOf(structure.depth), mode === 9);
    yield strip;
  }
}

/** Channels read side by side, from top to bottom. */
export async function* interleave(
  readers: readonly RowReader[],
  { width, height, depth }: Pick<PsdStructure, 'width' | 'height' | 'depth'>,
): AsyncGenerator<FlatStrip> {
  const most = linesOfStrip(width);
  try {
    for (let top = 0; top < height; top += most) {
      const lines = Math.min(most, height - top);
      const samples = newPixels(depth, lines * width * readers.length);
      for (const [c, reader] of readers.entries()) {
        const plane = toSamples(await reader.next(lines), depth, width);
        for (let i = 0, s = c; i < plane.length; i++, s += readers.length) samples[s] = plane[i]!;
      }
      yield { top, lines, samples };
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Photoshop blends the merged image with white where it is transparent. White is the full value, in Lab the middle of a* and b*. */
function removeWhite(samples: Pixels, colors: number, full: number, isLab: boolean): void {
  const half = full === 1 ? 0 : 0.5;
  for (let s = 0; s < samples.length; s += colors + 1) {
    const alpha = samples[s + colors]!;
    if (!(alpha > 0 && alpha < full)) continue;
    for (let c = 0; c < colors; c++) {
      const white = isLab && c > 0 ? (full + 1) / 2 : full;
      const value = white - ((white - samples[s + c]!) * full) / alpha;
      samples[s + c] = Math.min(full === 1 ? Number.POSITIVE_INFINITY : full, Math.max(0, value + half));
    }
  }
}
