/**
 * A Huffman table (ITU T.81 annex C) as look-ups by the next 16 bits.
 * `one`: length of the code << 8 | symbol; 0 where no code begins so.
 */
export type Codes = Uint16Array;

/** @param data counts of codes by length, 1 to 16, then the symbols */
export function readCodes(data: Buffer): Codes {
  const codes = new Uint16Array(65536);
  let at = 16;
  let code = 0;
  for (let length = 1; length <= 16; length++) {
    for (let i = data[length - 1]!; i > 0 && at < data.length; i--) {
      const first = code << (16 - length);
      if (first < 65536) codes.fill((length << 8) | data[at]!, first, first + (1 << (16 - length)));
      at++;
      code++;
    }
    code <<= 1;
  }
  return codes;
}

/** A step: bits that it takes, coefficients that it passes from bit 5 on, and whether the block ends with it. */
export const STEP = { bits: 31, passes: 5, mask: 127, ends: 1 << 12 } as const;

/** Sixteen zeros, among the symbols of AC tables (T.81 table F.1); others without a number end their block. */
export const ZEROS = 0xf0;

/** Bits that a look-up of steps takes at once: as large as stays in the processor's first cache. */
export const AHEAD = 12;

/** For the difference of a DC coefficient: bits of the code and of the number; 0 where there is no such code. */
export function dcStep(code: number): number {
  return (code & 0xff) > 11 ? 0 : (code >> 8) + (code & 0xff);
}

/** The step of one code for AC coefficients and its number; 0 where there is no such code. */
export function acStep(code: number): number {
  const symbol = code & 0xff;
  const bits = (code >> 8) + (symbol & 15);
  const ends = (symbol & 15) === 0 && symbol !== ZEROS;
  return code && bits | (ends ? STEP.ends : ((symbol >> 4) + 1) << STEP.passes);
}

/** By the next `AHEAD` bits: as many codes and their numbers as are whole within them, as one step; 0 where none is. */
export function acSteps(codes: Codes): Uint16Array {
  const lowest = 16 - AHEAD;
  return Uint16Array.from({ length: 1 << AHEAD }, (_, next) => {
    let step = 0;
    while ((step & STEP.ends) === 0) {
      const bits = step & STEP.bits;
      const more = acStep(codes[(next << (lowest + bits)) & 0xffff]!);
      const passed = ((step + more) >> STEP.passes) & STEP.mask;
      if (more === 0 || bits + (more & STEP.bits) > AHEAD || passed > 63) break;
      step += more;
    }
    return step;
  });
}

export function dcSteps(codes: Codes): Uint16Array {
  return Uint16Array.from({ length: 1 << AHEAD }, (_, next) => {
    const code = codes[next << (16 - AHEAD)]!;
    return code >> 8 > AHEAD ? 0 : dcStep(code);
  });
}
