/** Longest run or literal that one header byte can announce (PackBits, TIFF 6.0 section 9). */
const MOST = 128;

/** Runs shorter than this cost as much as the literal they interrupt. */
const LEAST = 3;

/** Bytes that packing takes at most: one header for each 128 bytes. */
export function packedBound(length: number): number {
  return length + Math.ceil(length / MOST);
}

/**
 * Packs one scanline, the RLE compression of Photoshop files (specification: Image Data Section, compression 1).
 * @param target has room for `packedBound` bytes from `at`
 * @returns where the packed bytes end in `target`
 */
export function packBits(source: Uint8Array, target: Uint8Array, at: number): number {
  const length = source.length;
  let i = 0;
  while (i < length) {
    const value = source[i]!;
    const reach = Math.min(length, i + MOST);
    let end = i + 1;
    while (end < reach && source[end] === value) end++;
    if (end - i >= LEAST) {
      target[at++] = 257 - (end - i);
      target[at++] = value;
      i = end;
      continue;
    }
    const head = at++;
    const start = i;
    do target[at++] = source[i++]!;
    while (i < reach && !(i + 2 < length && source[i] === source[i + 1] && source[i] === source[i + 2]));
    target[head] = i - start - 1;
  }
  return at;
}

/** The reverse, of a whole line. @returns whether the packed bytes give just as many as the target has */
export function unpackBits(packed: Uint8Array, target: Uint8Array): boolean {
  let t = 0;
  for (let p = 0; p < packed.length; ) {
    const head = packed[p++]!;
    if (head === 128) continue;
    if (head > 128) {
      const end = t + 257 - head;
      if (p >= packed.length || end > target.length) return false;
      target.fill(packed[p++]!, t, end);
      t = end;
    } else {
      const end = t + head + 1;
      if (p + head + 1 > packed.length || end > target.length) return false;
      target.set(packed.subarray(p, p + head + 1), t);
      p += head + 1;
      t = end;
    }
  }
  return t === target.length;
}
