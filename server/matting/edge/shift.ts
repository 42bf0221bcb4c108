import type { Pace } from '../yield-often.ts';
import { Band, BLOCK } from './band.ts';
import type { Plane16 } from './plane.ts';

/** Diagonal steps among `n`: tan 22.5 degrees of all, which makes the reach an octagon as wide askew as straight. */
const DIAGONAL = Math.SQRT2 - 1;

/**
 * Moves every edge outwards (above zero) or inwards by `distance` pixels without changing its profile: each pixel takes
 * the largest (smallest) alpha within that distance, by gray dilation (erosion) with an octagon, one pixel a step.
 * Parts of a pixel are the mix of the two whole steps around. Beyond the borders there is nothing: a subject cut by the
 * frame stays cut there.
 * @returns the plane itself or a new one; `plane` is overwritten
 */
export async function shift(plane: Plane16, distance: number, pace: Pace): Promise<Plane16> {
  const steps = Math.ceil(Math.abs(distance));
  const band = new Band(plane, steps);
  // Of a number and its complement to 65535 the larger is the complement of the smaller: one loop does both directions.
  const flip = distance > 0 ? 0 : 65535;
  let source = plane;
  let target: Plane16 = { ...plane, data: plane.data.slice() };
  for (let n = 1; n <= steps; n++) {
    const square = Math.floor(n * DIAGONAL) > Math.floor((n - 1) * DIAGONAL);
    for (let row = 0; row < band.rows; row++) {
      for (const [from, to] of band.runsOfRow(row)) grow(source, target, row, from, to, square, flip);
      await pace.step();
    }
    [source, target] = [target, source];
  }
  const part = Math.abs(distance) - (steps - 1);
  if (part < 1) mix(target.data, source.data, part);
  return source;
}

/** One step on a run of blocks: the largest of the 4 or 8 neighbors and the pixel itself. */
function grow(
  { width, height, data }: Plane16,
  target: Plane16,
  row: number,
  from: number,
  to: number,
  square: boolean,
  flip: number,
): void {
  const out = target.data;
  const first = from * BLOCK;
  const last = Math.min(width, to * BLOCK) - 1;
  for (let y = row * BLOCK; y < Math.min(height, (row + 1) * BLOCK); y++) {
    const base = y * width;
    const up = y > 0 ? base - width : base;
    const down = y < height - 1 ? base + width : base;
    // Column maxima slide along, so that a pixel costs three of them or one and two neighbors.
    let before = first > 0 ? first - 1 : first;
    let left = data[base + before]! ^ flip;
    let leftColumn = highest(left, data[up + before]! ^ flip, data[down + before]! ^ flip);
    before = first;
    let here = data[base + first]! ^ flip;
    let column = highest(here, data[up + first]! ^ flip, data[down + first]! ^ flip);
    for (let x = first; x <= last; x++) {
      const next = x < width - 1 ? x + 1 : x;
      const right = data[base + next]! ^ flip;
      const a = data[up + next]! ^ flip;
      const b = data[down + next]! ^ flip;
      let rightColumn = right > a ? right : a;
      if (b > rightColumn) rightColumn = b;
      let best = column;
      if (square) {
        if (leftColumn > best) best = leftColumn;
        if (rightColumn > best) best = rightColumn;
      } else {
        if (left > best) best = left;
        if (right > best) best = right;
      }
      out[base + x] = best ^ flip;
      left = here;
      leftColumn = column;
      here = right;
      column = rightColumn;
    }
  }
}

function highest(a: number, b: number, c: number): number {
  return a > b ? (a > c ? a : c) : b > c ? b : c;
}

/** `to` becomes `part` of itself and the rest of `from`. */
function mix(from: Uint16Array, to: Uint16Array, part: number): void {
  for (let i = 0; i < to.length; i++) {
    const [a, b] = [from[i]!, to[i]!];
    if (a !== b) to[i] = a + part * (b - a) + 0.5;
  }
}
