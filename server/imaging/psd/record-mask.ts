import { MAX_ENCODED_BYTES } from '../../../protocol/limits.ts';
import type { ClippingPath, Place } from '../../../protocol/schemas/path.ts';
import { checkSize } from '../check-size.ts';
import type { AlphaPlane } from '../picture.ts';
import { addPath, editResources } from './add-path.ts';
import { ByteWriter, padding } from './bytes.ts';
import { CannotMask } from './choose-layer.ts';
import { layerChannel } from './compose.ts';
import { interleave } from './flatten.ts';
import { keepMask } from './keep-mask.ts';
import type { Bounds, LayerRecord } from './layer-record.ts';
import { type Extent, packMask, packOpaque } from './mask-channel.ts';
import { editLength, finish, type OpenLayer } from './masked-document.ts';
import { listResources } from './read-resources.ts';
import { openRows, type RowReader } from './rows.ts';
import { fullOf, toSamples } from './samples.ts';
import type { ByteSource, LengthField } from './source.ts';
import { type Edit, growth, type Insertion } from './splice.ts';
import type { PsdStructure } from './structure.ts';
import { stripsToTiff } from './to-tiff.ts';

const TRANSPARENCY = -1;
const USER_MASK = -2;
const REAL_MASK = -3;
/** Layer flags (specification, Layer Records). */
const TRANSPARENCY_LOCKED = 0b1;

/** A layer of a document that has layers. @throws {CannotMask} */
export function openRecord(source: ByteSource, structure: PsdStructure, record: LayerRecord): OpenLayer {
  const { width, height } = sizeOf(record.bounds);
  checkSize(width, height);
  return {
    ...{ name: record.name, width, height, depth: structure.depth === 8 ? 8 : 16 },
    ...{ left: record.bounds.left, top: record.bounds.top, canvas: structure },
    readPicture: () => readPicture(source, structure, record),
    async addMask(alpha, path, signal) {
      if (alpha.width !== width || alpha.height !== height)
        throw new RangeError('The matte has another size than its layer.');
      const kept = record.mask && !record.mask.isRendered ? await keepMask(source, structure, record) : null;
      const added = path ? await addPath(source, structure, onCanvas(path, structure, record.bounds)) : null;
      const edits = [
        ...(await editLayer(source, structure, record, alpha, signal)),
        ...(kept?.edits ?? []),
        ...editResources(structure, [...(kept?.resourceEdits ?? []), ...(added?.edits ?? [])]),
      ];
      return { ...finish(source, structure, edits, signal), kept: kept?.name ?? null, path: added };
    },
  };
}

function sizeOf({ top, left, bottom, right }: Bounds) {
  return { width: right - left, height: bottom - top };
}

/** From pixels of the layer to those of the document. */
function onCanvas(path: ClippingPath, { width, height }: PsdStructure, { left, top }: Bounds): ClippingPath {
  const move = ([x, y]: Place): Place => [x + left, y + top];
  const subpaths = path.subpaths.map(({ knots }) => ({
    knots: knots.map(({ anchor, before, after, isSmooth }) => ({
      anchor: move(anchor),
      before: move(before),
      after: move(after),
      isSmooth,
    })),
  }));
  return { ...path, width, height, subpaths };
}

async function readPicture(source: ByteSource, structure: PsdStructure, record: LayerRecord): Promise<Buffer> {
  const { bounds, channels } = record;
  const hasAlpha = channels.some(({ id }) => id === TRANSPARENCY);
  const ids = [...Array(structure.colors).keys(), ...(hasAlpha ? [TRANSPARENCY] : [])];
  const readers: RowReader[] = [];
  for (const id of ids) {
    const channel = channels.find((one) => one.id === id);
    if (!channel) throw new CannotMask(`Layer "${record.name}" lacks a color channel.`, 'Save it again in Photoshop.');
    readers.push(await openRows(layerChannel(source, structure, channel, bounds)));
  }
  const size = sizeOf(bounds);
  const strips = interleave(readers, { ...size, depth: structure.depth });
  const resources = await listResources(source, structure.resources);
  return stripsToTiff(source, structure, resources, { hasAlpha, strips }, { ...size, most: MAX_ENCODED_BYTES });
}

interface Channel {
  id: number;
  data: Insertion;
}

/** What changes in the layer section. */
async function editLayer(
  source: ByteSource,
  structure: PsdStructure,
  record: LayerRecord,
  alpha: AlphaPlane,
  signal?: AbortSignal,
): Promise<Edit[]> {
  const { isLarge, depth, layerSection } = structure;
  const info = structure.layers!;
  const extent: Extent = { ...sizeOf(record.bounds), depth: depth as Extent['depth'] };
  const own = await packMask(alpha, extent.depth, isLarge, signal);
  // Beside a vector mask, the mask of the layer is what both show together, and its own comes behind.
  const masks: Channel[] = record.mask?.isRendered
    ? [
        {
          id: USER_MASK,
          data: await packMask(await multiply(source, structure, record, alpha), extent.depth, isLarge, signal),
        },
        { id: REAL_MASK, data: own },
      ]
    : [{ id: USER_MASK, data: own }];
  // Photoshop takes a lowest layer without transparency for a Background, which can have no mask.
  const isBackground = !record.channels.some(({ id }) => id === TRANSPARENCY) && record === info.records[0];
  const opaque = isBackground ? await packOpaque(extent, isLarge, signal) : null;
  const edits = [
    editChannelList(record, masks, opaque, isLarge),
    ...editMaskData(record),
    ...(isBackground ? editBackground(record) : []),
    ...editPixels(record, masks, opaque),
  ];
  // The end of the Layer Info is padded; what is added keeps whatever padding there was.
  const fill = padding(growth(edits), 4);
  edits.push({ at: info.pixels.end, remove: 0, insert: Buffer.alloc(fill) });
  const grown = growth(edits);
  const section: LengthField = { at: layerSection.start - (isLarge ? 8 : 4), bytes: isLarge ? 8 : 4 };
  return [
    editLength(section, layerSection.end - layerSection.start + grown),
    editLength(info.length, info.span.end - info.span.start + grown),
    ...edits,
  ];
}

function editChannelList(
  { channels, channelsAt }: LayerRecord,
  masks: readonly Channel[],
  opaque: Insertion | null,
  isLarge: boolean,
): Edit {
  const list = channels.filter(({ id }) => id !== USER_MASK).map(({ id, length }) => ({ id, length }));
  const old = channels.findIndex(({ id }) => id === USER_MASK);
  list.splice(old < 0 ? list.length : old, 0, ...masks.map(({ id, data }) => ({ id, length: data.bytes })));
  if (opaque) list.unshift({ id: TRANSPARENCY, length: opaque.bytes });
  const out = new ByteWriter(isLarge).u16(list.length);
  for (const { id, length } of list) out.u16(id).size(length);
  return { at: channelsAt, remove: 2 + channels.length * (isLarge ? 10 : 6), insert: out.toBuffer() };
}

/** Flags of a Layer Mask. */
const RENDERED = 0b1000;
const HAS_PARAMETERS = 0b10000;

/**
 * The mask covers the layer; outside it is black, so that nothing shows there that might be painted later. Beside a vector mask the
 * layer's own mask is described after what both show.
 */
function editMaskData({ bounds, maskAt, maskEnd, extraAt, extraBytes, mask }: LayerRecord): Edit[] {
  const data = new ByteWriter();
  const describe = () => {
    for (const side of [bounds.top, bounds.left, bounds.bottom, bounds.right]) data.u32(side >>> 0);
  };
  describe();
  data.u8(0);
  if (mask?.isRendered) {
    const { parameters } = mask;
    data
      .u8(parameters.length > 0 ? RENDERED | HAS_PARAMETERS : RENDERED)
      .u8(0)
      .u8(0);
    describe();
    data.bytes(parameters).pad(4);
  } else data.u8(0).u16(0);
  const insert = new ByteWriter().u32(data.length).bytes(data.toBuffer()).toBuffer();
  const edit = { at: maskAt, remove: maskEnd - maskAt, insert };
  return [editLength({ at: extraAt, bytes: 4 }, extraBytes + growth([edit])), edit];
}

/** What a vector mask, as it was drawn, leaves of a matte of its layer. */
async function multiply(
  source: ByteSource,
  structure: PsdStructure,
  { bounds, channels, mask, name }: LayerRecord,
  alpha: AlphaPlane,
): Promise<AlphaPlane> {
  const channel = channels.find(({ id }) => id === USER_MASK);
  if (!channel || !mask)
    throw new CannotMask(`Layer "${name}" has a vector mask without pixels.`, 'Save it again in Photoshop.');
  const drawn = mask.bounds;
  const columns = drawn.right - drawn.left;
  const data = alpha.data.slice();
  const rows =
    columns > 0 && drawn.bottom > drawn.top ? await openRows(layerChannel(source, structure, channel, drawn)) : null;
  const full = fullOf(structure.depth);
  const scale = (at: number, share: number) => {
    data[at] = data[at]! * share + 0.5;
  };
  const outside = mask.outside / 255;
  const [width, first] = [alpha.width, bounds.left - drawn.left];
  try {
    // Lines of the drawing are read from its top on, also those above the layer.
    for (let y = Math.min(bounds.top, drawn.top); y < bounds.bottom; y++) {
      const line =
        y >= drawn.top && y < drawn.bottom && rows ? toSamples(await rows.next(1), structure.depth, columns) : null;
      if (y < bounds.top) continue;
      for (let x = 0, at = (y - bounds.top) * width; x < width; x++, at++) {
        const place = x + first;
        scale(at, line && place >= 0 && place < columns ? line[place]! / full : outside);
      }
    }
  } finally {
    rows?.close();
  }
  return { ...alpha, data };
}

/** As Photoshop writes a layer that was a Background: it says so, and its locks are off. */
function editBackground({ flags, flagsAt, blocks }: LayerRecord): Edit[] {
  const edits: Edit[] = [{ at: flagsAt, remove: 1, insert: Buffer.of(flags & ~TRANSPARENCY_LOCKED) }];
  const source = blocks.get('lnsr');
  if (source && source.end - source.start >= 4)
    edits.push({ at: source.start, remove: 4, insert: Buffer.from('layr') });
  const locks = blocks.get('lspf');
  if (locks && locks.end - locks.start >= 4) edits.push({ at: locks.start, remove: 4, insert: Buffer.alloc(4) });
  return edits;
}

function editPixels({ channels }: LayerRecord, masks: readonly Channel[], opaque: Insertion | null): Edit[] {
  const first = channels[0]!.data.start;
  const old = channels.find(({ id }) => id === USER_MASK);
  const [replaced, ...others] = masks.map(({ data }) => data);
  const place = old ? { at: old.data.start, remove: old.length } : { at: channels.at(-1)!.data.end, remove: 0 };
  return [
    ...(opaque ? [{ at: first, remove: 0, insert: opaque }] : []),
    { ...place, insert: replaced! },
    ...others.map((insert) => ({ at: place.at + place.remove, remove: 0, insert })),
  ];
}
