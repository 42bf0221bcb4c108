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
import type { ByteSource, LengthField } from './source.ts';
import { type Edit, growth, type Insertion } from './splice.ts';
import type { PsdStructure } from './structure.ts';
import { stripsToTiff } from './to-tiff.ts';

const TRANSPARENCY = -1;
const USER_MASK = -2;
/** Layer flags (specification, Layer Records). */
const TRANSPARENCY_LOCKED = 0b1;

/** A layer of a document that has layers. @throws {CannotMask} */
export function openRecord(source: ByteSource, structure: PsdStructure, record: LayerRecord): OpenLayer {
  const { width, height } = sizeOf(record.bounds);
  checkSize(width, height);
  return {
    ...{ name: record.name, width, height, depth: structure.depth === 8 ? 8 : 16 },
    readPicture: () => readPicture(source, structure, record),
    async addMask(alpha, path, signal) {
      if (alpha.width !== width || alpha.height !== height)
        throw new RangeError('The matte has another size than its layer.');
      const kept = record.mask ? await keepMask(source, structure, record) : null;
      const added = path ? await addPath(source, structure, onCanvas(path, structure, record.bounds)) : null;
      const edits = [
        ...(await editLayer(structure, record, alpha, signal)),
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

/** What changes in the layer section. */
async function editLayer(
  structure: PsdStructure,
  record: LayerRecord,
  alpha: AlphaPlane,
  signal?: AbortSignal,
): Promise<Edit[]> {
  const { isLarge, depth, layerSection } = structure;
  const info = structure.layers!;
  const extent: Extent = { ...sizeOf(record.bounds), depth: depth as Extent['depth'] };
  const mask = await packMask(alpha, extent.depth, isLarge, signal);
  // Photoshop takes a lowest layer without transparency for a Background, which can have no mask.
  const isBackground = !record.channels.some(({ id }) => id === TRANSPARENCY) && record === info.records[0];
  const opaque = isBackground ? await packOpaque(extent, isLarge, signal) : null;
  const edits = [
    editChannelList(record, mask, opaque, isLarge),
    ...editMaskData(record),
    ...(isBackground ? editBackground(record) : []),
    ...editPixels(record, mask, opaque),
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

function editChannelList(record: LayerRecord, mask: Insertion, opaque: Insertion | null, isLarge: boolean): Edit {
  const { channels, channelsAt } = record;
  const list = channels.map(({ id, length }) => ({ id, length: id === USER_MASK ? mask.bytes : length }));
  if (!channels.some(({ id }) => id === USER_MASK)) list.push({ id: USER_MASK, length: mask.bytes });
  if (opaque) list.unshift({ id: TRANSPARENCY, length: opaque.bytes });
  const out = new ByteWriter(isLarge).u16(list.length);
  for (const { id, length } of list) out.u16(id).size(length);
  return { at: channelsAt, remove: 2 + channels.length * (isLarge ? 10 : 6), insert: out.toBuffer() };
}

/** The mask covers the layer; outside it is black, so that nothing shows there that might be painted later. */
function editMaskData({ bounds, maskAt, maskEnd, extraAt, extraBytes }: LayerRecord): Edit[] {
  const out = new ByteWriter().u32(20);
  for (const side of [bounds.top, bounds.left, bounds.bottom, bounds.right]) out.u32(side >>> 0);
  const insert = out.u8(0).u8(0).u16(0).toBuffer();
  const edit = { at: maskAt, remove: maskEnd - maskAt, insert };
  return [editLength({ at: extraAt, bytes: 4 }, extraBytes + growth([edit])), edit];
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

function editPixels({ channels }: LayerRecord, mask: Insertion, opaque: Insertion | null): Edit[] {
  const first = channels[0]!.data.start;
  const old = channels.find(({ id }) => id === USER_MASK);
  const place = old ? { at: old.data.start, remove: old.length } : { at: channels.at(-1)!.data.end, remove: 0 };
  return [...(opaque ? [{ at: first, remove: 0, insert: opaque }] : []), { ...place, insert: mask }];
}
