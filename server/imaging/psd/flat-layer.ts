import { MAX_ENCODED_BYTES } from '../../../protocol/limits.ts';
import { addPath, editResources } from './add-path.ts';
import { ByteWriter, padding } from './bytes.ts';
import { CannotMask } from './choose-layer.ts';
import { flattenSource, mergedChannels } from './flatten.ts';
import { CHANNEL, writeLayerRecord } from './layer.ts';
import { type Extent, packMask, packOpaque } from './mask-channel.ts';
import { editLength, finish, type OpenLayer } from './masked-document.ts';
import { COMPRESSION, readCompression, readCounts, rleStart, rowBytes } from './rows.ts';
import type { ByteSource } from './source.ts';
import { copy, type Edit, type Insertion } from './splice.ts';
import { MODE, type PsdStructure } from './structure.ts';

/** As Photoshop names a Background that becomes a layer. */
const NAME = 'Layer 0';

const LAYERLESS: Readonly<Record<number, string>> = { [MODE.bitmap]: 'Bitmap', [MODE.indexed]: 'Indexed Color' };

/** A document without layers: its pixels become a layer, as Photoshop does with a Background that gets a mask. */
export function openFlat(source: ByteSource, structure: PsdStructure, wanted?: string): OpenLayer {
  const { width, height, mode } = structure;
  if (wanted !== undefined && wanted !== NAME) throw new CannotMask('It has no layers.', 'Leave --layer out.');
  const layerless = LAYERLESS[mode];
  if (layerless) {
    const hint = 'Convert it in Photoshop: Image > Mode > RGB Color.';
    throw new CannotMask(`It is in ${layerless} mode, which has no layers.`, hint);
  }
  return {
    ...{ name: NAME, width, height, depth: structure.depth === 8 ? 8 : 16 },
    ...{ left: 0, top: 0, canvas: structure },
    readPicture: async () => (await flattenSource(source, MAX_ENCODED_BYTES)).tiff,
    async addMask(alpha, path, signal) {
      if (alpha.width !== width || alpha.height !== height)
        throw new RangeError('The matte has another size than its layer.');
      const extent: Extent = { width, height, depth: structure.depth as Extent['depth'] };
      const channels = [
        { id: CHANNEL.transparency, data: await packOpaque(extent, structure.isLarge, signal) },
        ...(await mergedSlices(source, structure)),
        { id: CHANNEL.userMask, data: await packMask(alpha, extent.depth, structure.isLarge, signal) },
      ];
      const added = path ? await addPath(source, structure, path) : null;
      const edits = [...addLayer(structure, channels), ...editResources(structure, added?.edits ?? [])];
      return { ...finish(source, structure, edits, signal), kept: null, path: added };
    },
  };
}

interface Channel {
  id: number;
  data: Insertion;
}

/** The colors of the merged image, copied as they are packed. */
async function mergedSlices(source: ByteSource, structure: PsdStructure): Promise<Channel[]> {
  const packed = mergedChannels(source, structure);
  const { span, width, height, depth, isLarge } = packed;
  const compression = await readCompression(packed);
  if (compression !== COMPRESSION.raw && compression !== COMPRESSION.rle)
    throw new CannotMask('Its pixels are packed in an unusual way.', 'Save it again in Photoshop.');
  const slices: Channel[] = [];
  for (let id = 0; id < structure.colors; id++) {
    const bytes = height * rowBytes(width, depth);
    let start = span.start + 2 + id * bytes;
    let end = start + bytes;
    let head: Buffer = Buffer.of(0, compression);
    if (compression === COMPRESSION.rle) {
      start = await rleStart(packed, id);
      end = (await readCounts(packed, id * height, height)).reduce((sum, length) => sum + length, start);
      const width = isLarge ? 4 : 2;
      head = Buffer.concat([head, await source.read(span.start + 2 + id * height * width, height * width)]);
    }
    const chunks = async function* () {
      yield head;
      yield* copy(source, start, end);
    };
    if (end > span.end) throw new CannotMask('Its pixels end too early.', 'Open it in Photoshop and save it again.');
    slices.push({ id, data: { bytes: head.length + end - start, chunks } });
  }
  return slices;
}

/** The layer section with the layer; what else it has (patterns, filter masks) stays. */
function* addLayer(
  { layerSection, width, height, depth, isLarge }: PsdStructure,
  channels: readonly Channel[],
): Generator<Edit> {
  const info = new ByteWriter(isLarge).u16(1);
  const sized = channels.map(({ id, data }) => ({ id, data: { size: () => data.bytes } }));
  writeLayerRecord(info, { name: NAME, isHidden: false, channels: sized }, { width, height }, isLarge);
  const pixels = channels.reduce((sum, { data }) => sum + data.bytes, 0);
  const end = Buffer.alloc(padding(info.length + pixels, 4));
  const bytes = info.length + pixels + end.length;
  const field = isLarge ? 8 : 4;
  const { start } = layerSection;
  // Less than two lengths is as good as nothing.
  const old = layerSection.end - start;
  const isEmpty = old < field + 4;
  const isDeep = depth > 8;
  const before = new ByteWriter(isLarge);
  if (isDeep) {
    if (isEmpty) before.size(0).u32(0);
    before.key('8BIM').key(`Mt${depth}`).size(0).key('8BIM').key(`Lr${depth}`).size(bytes);
  } else before.size(bytes);
  const after = !isDeep && isEmpty ? Buffer.alloc(4) : Buffer.alloc(0);
  const removed = isEmpty ? old : isDeep ? 0 : field;
  const layer: Insertion = {
    bytes: before.length + bytes + after.length,
    async *chunks() {
      yield before.toBuffer();
      yield info.toBuffer();
      for (const { data } of channels) yield* data.chunks();
      yield end;
      yield after;
    },
  };
  yield editLength({ at: start - field, bytes: field }, old - removed + layer.bytes);
  yield { at: isDeep && !isEmpty ? layerSection.end : start, remove: removed, insert: layer };
}
