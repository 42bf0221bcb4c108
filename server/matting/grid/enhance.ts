/** Pictures whose tones span less than this, of 255, are lifted. Ordinary ones, low keys included, span 100 to 250. */
const NARROW = 55;
/** Shares of the samples that may lie beyond either end of the span. */
const TAIL = 0.01;

/**
 * Contrast lift of dark and flat pictures, for the networks only: they know pictures of full contrast. Decided on the
 * first grid of a picture and the same for every further one, so that all views see the same colors.
 */
export class Lift {
  #table: Uint8Array | null | undefined;

  /** Stretches the tones of interleaved RGB to full contrast where they are few. @returns `rgb` itself where they are not */
  apply(rgb: Uint8Array): Uint8Array {
    if (this.#table === undefined) this.#table = tabulate(rgb);
    const table = this.#table;
    if (!table) return rgb;
    const lifted = new Uint8Array(rgb.length);
    for (let i = 0; i < rgb.length; i++) lifted[i] = table[rgb[i]!]!;
    return lifted;
  }
}

/** The new value of each sample value; null for a picture that has contrast, or none at all. */
function tabulate(rgb: Uint8Array): Uint8Array | null {
  const histogram = new Uint32Array(256);
  // Luma of ITU-R BT.709 with weights of 256ths.
  for (let i = 0; i < rgb.length; i += 3) histogram[(54 * rgb[i]! + 183 * rgb[i + 1]! + 19 * rgb[i + 2]!) >> 8]!++;
  const few = TAIL * (rgb.length / 3);
  const darkest = findTail(histogram, few);
  const brightest = 255 - findTail(histogram.slice().reverse(), few);
  const span = brightest - darkest;
  if (span >= NARROW || span <= 0) return null;
  return Uint8Array.from(histogram, (_, value) =>
    Math.min(255, Math.max(0, Math.round(((value - darkest) * 255) / span))),
  );
}

/** The first value up to which more than `few` samples lie. */
function findTail(histogram: Uint32Array, few: number): number {
  let sum = 0;
  return histogram.findIndex((count) => {
    sum += count;
    return sum > few;
  });
}
