import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { initializeCanvas, type Layer, type Psd, readPsd } from 'ag-psd';
import { AppError } from '../../server/errors.ts';
import { CannotMask } from '../../server/imaging/psd/choose-layer.ts';
import { flattenPsd } from '../../server/imaging/psd/flatten.ts';
import type { LayerRecord } from '../../server/imaging/psd/layer-record.ts';
import { openLayer } from '../../server/imaging/psd/open-layer.ts';
import { listResources } from '../../server/imaging/psd/read-resources.ts';
import { openRecord } from '../../server/imaging/psd/record-mask.ts';
import { bufferSource } from '../../server/imaging/psd/source.ts';
import { type PsdStructure, readStructure } from '../../server/imaging/psd/structure.ts';

/**
 * What `--into psd` does to documents of others: masks the lowest layers with pixels of each document in turn, counts the bytes outside
 * the mask that changed, and compares what ag-psd sees before and after. Usage: npm run bench:psd -- <folder>...
 */
const TRANSPARENCY = -1;
const MASKS = [-2, -3];
/** Names and numbers of the alpha channels, to which a kept mask is added. */
const CHANNEL_NAMES = [1006, 1045, 1053];

const count = { files: 0, read: 0, masked: 0, layers: 0, bytes: 0, changed: 0, seen: 0, differ: 0 };
const reasons = new Map<string, number>();
const note = (text: string) => reasons.set(text, (reasons.get(text) ?? 0) + 1);

const newPixels = (width: number, height: number) => ({
  width,
  height,
  data: new Uint8ClampedArray(4 * width * height),
});
initializeCanvas(
  () => {
    throw new Error('Pixels are read without a canvas.');
  },
  newPixels as unknown as Parameters<typeof initializeCanvas>[1],
);

/** Documents may have hundreds of layers. */
const MOST_LAYERS = 4;

for (const folder of process.argv.slice(2)) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.ps[db]$/i.test(entry.name)) continue;
    const file = readFileSync(path.join(entry.parentPath, entry.name));
    count.files++;
    if (await attempt('not read: ', () => flattenPsd(file))) count.read++;
    const structure = await attempt('not masked: ', () => readStructure(bufferSource(file)));
    if (!structure) continue;
    if (await attempt('default layer not masked: ', () => openLayer(bufferSource(file)))) count.masked++;
    let proven = 0;
    for (const record of structure.layers?.records ?? []) {
      if (proven < MOST_LAYERS && (await proveLayer(entry.name, file, structure, record, proven === 0))) proven++;
    }
  }
}
console.log(
  `documents: ${count.files}; read as pictures: ${count.read}; with a layer that gets a mask: ${count.masked}`,
);
console.log(
  `layers masked: ${count.layers}; bytes outside the masks compared: ${count.bytes}, changed: ${count.changed}`,
);
console.log(`seen by ag-psd before and after: ${count.seen}; of these different outside the mask: ${count.differ}`);
for (const [reason, times] of [...reasons].sort((a, b) => b[1] - a[1]))
  console.log(`${String(times).padStart(5)} ${reason}`);
if (count.changed > 0 || count.differ > 0) process.exitCode = 1;

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError || error instanceof CannotMask)) throw error;
    note(what + error.message.replace(/"[^"]*"/g, '"…"').replace(/\d+/g, 'N'));
    return null;
  }
}

async function proveLayer(
  name: string,
  file: Buffer,
  structure: PsdStructure,
  record: LayerRecord,
  isFirst: boolean,
): Promise<boolean> {
  const { bounds, channels } = record;
  const isEmpty = bounds.bottom === bounds.top || bounds.right === bounds.left;
  if (isEmpty || !channels.some(({ id }) => id === 0) || channels.some(({ id }) => id === -3)) return false;
  const result = await attempt('layer not masked: ', async () => {
    const layer = openRecord(bufferSource(file), structure, record);
    const data = new (layer.depth === 8 ? Uint8Array : Uint16Array)(layer.width * layer.height);
    for (let i = 0; i < data.length; i++) data[i] = (i * 7919) >> 3;
    const parts: Buffer[] = [];
    for await (const part of (await layer.addMask({ width: layer.width, height: layer.height, data })).chunks)
      parts.push(part);
    return Buffer.concat(parts);
  });
  if (!result) return false;
  count.layers++;
  const index = structure.layers!.records.indexOf(record);
  const [before, after] = [await listPieces(file, index), await listPieces(result, index)];
  for (const [key, bytes] of before) {
    count.bytes += bytes.length;
    const now = after.get(key);
    if (now?.equals(bytes)) continue;
    count.changed += bytes.length;
    console.log(`${name}, "${record.name}": ${key} changed`);
  }
  if (isFirst) compareSeen(name, file, result, record, index);
  return true;
}

/** All that must stay, piece by piece. */
async function listPieces(file: Buffer, index: number): Promise<Map<string, Buffer>> {
  const source = bufferSource(file);
  const structure = await readStructure(source);
  const pieces = new Map<string, Buffer>();
  const put = (key: string, start: number, end: number) => pieces.set(key, file.subarray(start, end));
  put('head', 0, 12);
  put('size, depth, mode', 14, 26);
  put('color data', structure.colorData.start, structure.colorData.end);
  for (const [i, { id, whole }] of (await listResources(source, structure.resources)).entries())
    if (!CHANNEL_NAMES.includes(id)) put(`resource ${id}, ${i}`, whole.start, whole.end);
  const info = structure.layers!;
  for (const [i, record] of info.records.entries()) {
    const isChosen = i === index;
    const recordStart = record.channelsAt - 16;
    put(`bounds ${i}`, recordStart, record.channelsAt);
    put(`blend ${i}`, record.flagsAt - 10, record.flagsAt);
    const wasBackground = isChosen && i === 0;
    if (!isChosen) put(`extra ${i}`, record.extraAt, record.extraAt + 4 + record.extraBytes);
    else
      for (const [key, { start, end }] of record.blocks)
        if (!wasBackground || (key !== 'lnsr' && key !== 'lspf')) put(`block ${i} ${key}`, start, end);
    for (const { id, data } of record.channels)
      if (!isChosen || !(MASKS.includes(id) || (wasBackground && id === TRANSPARENCY)))
        put(`pixels ${i} ${id}`, data.start, data.end);
  }
  put('after the layers', info.span.end, structure.layerSection.end);
  const { merged, height, width, depth, colors } = structure;
  // Channels that follow are pushed on by the lengths of a kept mask's lines; colors that are not packed stay in their place.
  const isRaw = merged.end - merged.start >= 2 && file.readUInt16BE(merged.start) === 0;
  const isFixed = isRaw && depth >= 8;
  put(
    'merged image',
    merged.start,
    isFixed ? Math.min(merged.end, merged.start + 2 + (colors * height * width * depth) / 8) : merged.start + 2,
  );
  return pieces;
}

function compareSeen(name: string, file: Buffer, result: Buffer, record: LayerRecord, index: number): void {
  // ag-psd reads packed lines of 16 bits as if they were 8.
  if (file.readUInt16BE(22) !== 8) return;
  let was: Psd;
  try {
    was = look(file);
  } catch {
    return;
  }
  count.seen++;
  const [then, now] = [flat(was.children), flat(look(result).children)];
  const wasBackground = index === 0;
  for (const [i, layer] of then.entries()) {
    const isChosen = layer.name === record.name && layer.top === record.bounds.top && layer.left === record.bounds.left;
    const ignored = isChosen
      ? ['mask', 'realMask', ...(wasBackground ? ['nameSource', 'protected', 'transparencyProtected'] : [])]
      : [];
    if (describe(layer, ignored) === describe(now[i]!, ignored)) continue;
    count.differ++;
    console.log(`${name}, "${record.name}": ag-psd sees "${layer.name}" otherwise`);
    break;
  }
}

/** In a copy: ag-psd turns samples round where they lie. */
function look(file: Buffer): Psd {
  return readPsd(Buffer.from(file), { useImageData: true, skipCompositeImageData: true, skipThumbnail: true });
}

function flat(layers: readonly Layer[] = []): Layer[] {
  return layers.flatMap((layer) => [layer, ...flat(layer.children)]);
}

function describe(layer: Layer, ignored: readonly string[]): string {
  return JSON.stringify(layer, (key, value) => {
    if (key === 'children' || ignored.includes(key)) return undefined;
    return ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
      : value;
  });
}
