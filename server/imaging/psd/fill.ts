import type { LayerRecord } from './layer-record.ts';
import { type ByteSource, Cursor } from './source.ts';
import { MODE, type PsdStructure } from './structure.ts';

/** Colors of a descriptor by class and keys (specification, Descriptor structure), as samples of a document, 0..1. */
const COLORS: Readonly<
  Record<string, { modes: readonly number[]; keys: string[]; scale(value: number, i: number): number }>
> = {
  RGBC: { modes: [MODE.rgb], keys: ['Rd  ', 'Grn ', 'Bl  '], scale: (v) => v / 255 },
  Grsc: { modes: [MODE.gray, MODE.duotone], keys: ['Gry '], scale: (v) => 1 - v / 100 },
  CMYC: { modes: [MODE.cmyk], keys: ['Cyn ', 'Mgnt', 'Ylw ', 'Blck'], scale: (v) => 1 - v / 100 },
  LbCl: { modes: [MODE.lab], keys: ['Lmnc', 'A   ', 'B   '], scale: (v, i) => (i === 0 ? v / 100 : (v + 128) / 255) },
};

const MAX_BLOCK = 1 << 12;

/**
 * Color of a fill layer, which covers the canvas.
 * @returns null where it is none of the document's kind, or damaged
 */
export async function readFillColor(
  source: ByteSource,
  { blocks }: LayerRecord,
  { mode, depth }: PsdStructure,
): Promise<number[] | null> {
  const block = blocks.get('SoCo');
  if (!block || depth === 32 || block.end - block.start > MAX_BLOCK) return null;
  try {
    const cursor = new Cursor(source, block, false);
    // Two versions, then a descriptor with the color as its only item.
    await cursor.skip(4);
    await readHead(cursor);
    await readKey(cursor);
    if ((await cursor.key()) !== 'Objc') return null;
    const { name, items } = await readHead(cursor);
    const color = COLORS[name];
    if (!color?.modes.includes(mode)) return null;
    const found = new Map<string, number>();
    for (let i = 0; i < items; i++) {
      const key = await readKey(cursor);
      const type = await cursor.key();
      if (type === 'UntF') await cursor.skip(4);
      else if (type !== 'doub') return null;
      found.set(key, (await cursor.take(8)).readDoubleBE());
    }
    const samples = color.keys.map((key, i) => color.scale(found.get(key) ?? Number.NaN, i));
    return samples.every((v) => v >= 0 && v <= 1) ? samples : null;
  } catch {
    return null;
  }
}

/** Class of a descriptor, and how many items follow. */
async function readHead(cursor: Cursor): Promise<{ name: string; items: number }> {
  await cursor.skip(2 * (await cursor.u32()));
  return { name: await readKey(cursor), items: await cursor.u32() };
}

/** Four letters, or as many as the length in front says. */
async function readKey(cursor: Cursor): Promise<string> {
  return (await cursor.take((await cursor.u32()) || 4)).toString('latin1');
}
