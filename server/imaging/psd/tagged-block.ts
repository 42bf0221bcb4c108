import type { Cursor, LengthField, Span } from './source.ts';

export interface TaggedBlock extends Span {
  key: string;
  length: LengthField;
}

/** Keys whose lengths take 8 bytes in a large document (specification, Additional Layer Information). */
const WIDE = new Set('LMsk Lr16 Lr32 Layr Mt16 Mt32 Mtrn Alph FMsk lnk2 FEid FXid PxSD'.split(' '));

const SIGNATURES = ['8BIM', '8B64'];

/**
 * The next block of Additional Layer Information, or null where there is none. Blocks are padded to 2 or 4 bytes, by some writers
 * not at all: the next signature is looked for.
 */
export async function nextBlock(cursor: Cursor, isLarge: boolean): Promise<TaggedBlock | null> {
  for (let padding = 0; padding < 4; padding++) {
    if (cursor.left < 12) return null;
    const start = cursor.at;
    const signature = await cursor.key();
    if (!SIGNATURES.includes(signature)) {
      cursor.at = start + 1;
      continue;
    }
    const key = await cursor.key();
    const isWide = isLarge && WIDE.has(key);
    const length: LengthField = { at: cursor.at, bytes: isWide ? 8 : 4 };
    return { key, length, ...(await cursor.span(await cursor.size(isWide))) };
  }
  return null;
}
