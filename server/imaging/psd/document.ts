import type { Annotation } from '../annotation.ts';
import type { AlphaPlane, Raster } from '../picture.ts';
import { readSrgbProfile } from '../profile.ts';
import { ByteWriter, padding } from './bytes.ts';
import { type Canvas, ChannelData } from './channel.ts';
import { type Layer as AnyLayer, CHANNEL, writeLayerRecord } from './layer.ts';
import { channelOf, maskedOpacity, maxOf, opacityOf, overWhite, type Plane, planeOf } from './plane.ts';
import { imageResources } from './resources.ts';

/** Specification, File Header Section: what the two versions of the format can hold. */
const MAX_SIDE = { psd: 30_000, psb: 300_000 } as const;
const MAX_PSD_BYTES = 2 ** 31 - 1;
const RGB_MODE = 3;

const CUTOUT_NAME = 'Subject - cutout';

/** All rasters have one size and one depth, which become the document's. */
export interface PsdDocument {
  /** Of the picture's layer. */
  name: string;
  picture: Raster;
  /** Layer Mask of the picture. */
  alpha: AlphaPlane;
  /** Straight RGBA, for a second, hidden layer above. */
  cutout?: Raster | undefined;
  annotation?: Annotation | undefined;
}

export interface PsdFile {
  /** Whether it had to become a large document (PSB). */
  isLarge: boolean;
  /** Length of the file. */
  bytes: number;
  /** The file from beginning to end; can be read once. */
  chunks: AsyncGenerator<Buffer>;
}

/**
 * A Photoshop document: the untouched picture, hidden by a Layer Mask where the matte is dark, and optionally the
 * cutout as a hidden layer. Follows the Adobe Photoshop File Formats Specification (2019). It becomes a PSB when a side
 * or the file is too long for a PSD. Besides the rasters it needs a few megabytes, whatever their size.
 */
export async function encodePsd(document: PsdDocument, signal?: AbortSignal): Promise<PsdFile> {
  const canvas = canvasOf(document);
  const layers = await measureLayers(document, canvas, signal);
  const merged = await ChannelData.measure(mergedPlanes(document), canvas, signal);
  const parts = {
    canvas,
    layers,
    merged,
    resources: imageResources(document.annotation ?? {}, await readSrgbProfile()),
  };
  const isLarge = Math.max(canvas.width, canvas.height) > MAX_SIDE.psd || fileSize(parts, false) > MAX_PSD_BYTES;
  return { isLarge, bytes: fileSize(parts, isLarge), chunks: write(parts, isLarge, signal) };
}

interface Layer extends AnyLayer {
  channels: readonly { id: number; data: ChannelData }[];
}

interface Parts {
  canvas: Canvas;
  layers: readonly Layer[];
  merged: ChannelData;
  resources: Buffer;
}

function canvasOf({ picture, alpha, cutout }: PsdDocument): Canvas {
  const { width, height, data } = picture;
  for (const other of [alpha, cutout]) {
    if (!other) continue;
    if (other.width !== width || other.height !== height || maxOf(other.data) !== maxOf(data))
      throw new RangeError('All rasters of a document must have one size and one depth.');
  }
  if (Math.max(width, height) > MAX_SIDE.psb) throw new RangeError('A PSB holds at most 300,000 pixels a side.');
  return { width, height, depth: maxOf(data) === 255 ? 8 : 16 };
}

/** Bottom layer first, as in the file. */
async function measureLayers(document: PsdDocument, canvas: Canvas, signal?: AbortSignal): Promise<Layer[]> {
  const { name, picture, alpha, cutout } = document;
  const measure = async (planes: readonly (readonly [number, Plane])[]) => {
    const channels: { id: number; data: ChannelData }[] = [];
    for (const [id, plane] of planes) channels.push({ id, data: await ChannelData.measure([plane], canvas, signal) });
    return channels;
  };
  const layers = [
    { name, isHidden: false, channels: await measure([...colors(picture), [CHANNEL.userMask, planeOf(alpha)]]) },
  ];
  if (cutout) layers.push({ name: CUTOUT_NAME, isHidden: true, channels: await measure(colors(cutout)) });
  return layers;
}

/** Transparency is there for opaque pictures too: without it Photoshop takes the lowest layer for a Background, and a
 *  Background can have no mask. */
function colors(raster: Raster): [number, Plane][] {
  return [
    [CHANNEL.transparency, opacityOf(raster)],
    [CHANNEL.red, channelOf(raster, 0)],
    [CHANNEL.green, channelOf(raster, 1)],
    [CHANNEL.blue, channelOf(raster, 2)],
  ];
}

/**
 * The merged image, for viewers without layer support: RGB over white, then the transparency. The specification says
 * only where the transparency is ("Layer count"), not that the colors lie over white; but Photoshop writes it so,
 * readers that honor the transparency remove the white, and those that do not show the subject on white.
 */
function mergedPlanes({ picture, alpha }: PsdDocument): Plane[] {
  const opacity = maskedOpacity(picture, alpha);
  return [0, 1, 2].map((channel) => overWhite(picture, channel, opacity)).concat(opacity);
}

function fileSize({ canvas, layers, merged, resources }: Parts, isLarge: boolean): number {
  const before = header(canvas, isLarge).length + resources.length;
  const section = layerSection(canvas, layers, isLarge);
  return before + section.bytes + merged.size(isLarge);
}

async function* write({ canvas, layers, merged, resources }: Parts, isLarge: boolean, signal?: AbortSignal) {
  const section = layerSection(canvas, layers, isLarge);
  yield Buffer.concat([header(canvas, isLarge), resources, section.head]);
  for (const { channels } of layers) for (const { data } of channels) yield* data.chunks(isLarge, signal);
  yield section.tail;
  yield* merged.chunks(isLarge, signal);
}

/** Specification, File Header Section; then the Color Mode Data Section, which is empty in RGB. */
function header({ width, height, depth }: Canvas, isLarge: boolean): Buffer {
  const out = new ByteWriter().key('8BPS').u16(isLarge ? 2 : 1);
  // Six reserved bytes; four channels, as the merged image has its transparency.
  out.u16(0).u32(0).u16(4);
  return out.u32(height).u32(width).u16(depth).u16(RGB_MODE).u32(0).toBuffer();
}

/**
 * Specification, Layer and Mask Information Section: what stands before and after the channel data. Layers of 16 bits
 * are not in the Layer Info, which is empty, but in an Additional Layer Information block with the key `Lr16`, after an
 * empty block `Mt16`, "Saving Merged Transparency". In a PSB those two keys have lengths of 8 bytes.
 */
function layerSection(canvas: Canvas, layers: readonly Layer[], isLarge: boolean) {
  const info = new ByteWriter(isLarge);
  // Negative: "the first alpha channel contains the transparency data for the merged result".
  info.u16(-layers.length);
  for (const layer of layers) writeLayerRecord(info, layer, canvas, isLarge);
  const pixels = layers.flatMap(({ channels }) => channels).reduce((sum, { data }) => sum + data.size(isLarge), 0);
  // The specification asks for even lengths here and for multiples of four in blocks; four satisfies both.
  const end = new Uint8Array(padding(info.length + pixels, 4));
  const infoBytes = info.length + pixels + end.length;
  const before = new ByteWriter(isLarge);
  const after = new ByteWriter(isLarge).bytes(end);
  // A global layer mask info of no bytes follows the Layer Info.
  if (canvas.depth === 8) {
    before.size(infoBytes);
    after.u32(0);
  } else before.size(0).u32(0).key('8BIM').key('Mt16').size(0).key('8BIM').key('Lr16').size(infoBytes);
  before.bytes(info.toBuffer());
  const inside = before.length + pixels + after.length;
  const head = new ByteWriter(isLarge).size(inside).bytes(before.toBuffer()).toBuffer();
  return { head, tail: after.toBuffer(), bytes: head.length + pixels + after.length };
}
