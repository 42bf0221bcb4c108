import type { AlphaPlane } from '../../imaging/picture.ts';
import type { Pace } from '../yield-often.ts';

/** A closed line along which the opacity is one half, with the subject on its right. */
export interface Contour {
  /** x, y of one point after the other, in pixels from the upper left corner of the picture. */
  points: Float64Array;
  /** Square pixels; negative around a hole. */
  area: number;
}

/** Steps from a pixel to its neighbors. Clockwise, so that the next one is a turn to the right. */
const STEP_X = [0, 1, 0, -1] as const;
const STEP_Y = [-1, 0, 1, 0] as const;
const WEST = 3;

/** Between the two middle values, so that no sample lies on the line. */
export function middleOf({ data }: AlphaPlane): number {
  return data instanceof Uint16Array ? 32767.5 : 127.5;
}

/** Pairs of neighbors that the contours pass between; that many points they have. */
export async function countCrossings(alpha: AlphaPlane, pace: Pace): Promise<number> {
  const { width, height, data } = alpha;
  const middle = middleOf(alpha);
  let count = 0;
  for (let y = 0; y <= height; y++) {
    await pace.step();
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const isIn = y < height && data[i]! > middle;
      if (isIn !== (y > 0 && data[i - width]! > middle)) count++;
      if (isIn !== (x > 0 && y < height && data[i - 1]! > middle)) count++;
      if (isIn && x === width - 1) count++;
    }
  }
  return count;
}

/**
 * Marching squares (Lorensen and Cline, 1987, in two dimensions) followed line by line, points interpolated between the centers of
 * pixels. Beyond the picture's border there is nothing, so that every contour is closed.
 * @param minArea smaller ones are left out, holes too
 */
export async function traceContours(alpha: AlphaPlane, minArea: number, pace: Pace): Promise<Contour[]> {
  const { width, height, data } = alpha;
  const middle = middleOf(alpha);
  // Each contour enters the subject from the west somewhere; a bit for each pixel that was entered so.
  const seen = new Uint8Array(Math.ceil((width * height) / 8));
  const tracer = new Tracer(alpha, seen);
  const contours: Contour[] = [];
  for (let y = 0; y < height; y++) {
    await pace.step();
    let wasIn = false;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const isIn = data[i]! > middle;
      if (isIn && !wasIn && !(seen[i >> 3]! & (1 << (i & 7)))) {
        const contour = tracer.follow(x, y);
        if (Math.abs(contour.area) >= minArea) contours.push({ ...contour, points: contour.points.slice() });
      }
      wasIn = isIn;
    }
  }
  return contours;
}

class Tracer {
  readonly #alpha: AlphaPlane;
  readonly #seen: Uint8Array;
  readonly #middle: number;
  #points = new Float64Array(1 << 12);

  constructor(alpha: AlphaPlane, seen: Uint8Array) {
    this.#alpha = alpha;
    this.#seen = seen;
    this.#middle = middleOf(alpha);
  }

  /** From a pixel of the subject whose western neighbor is none, until there again. The points are valid until the next call. */
  follow(startX: number, startY: number): Contour {
    const { width } = this.#alpha;
    let [x, y, side] = [startX, startY, WEST];
    let length = 0;
    let twice = 0;
    do {
      if (side === WEST) {
        const i = y * width + x;
        this.#seen[i >> 3]! |= 1 << (i & 7);
      }
      if (length + 2 > this.#points.length) this.#grow();
      const dx = STEP_X[side]!;
      const dy = STEP_Y[side]!;
      const inside = this.#at(x, y);
      const part = (inside - this.#middle) / (inside - this.#at(x + dx, y + dy));
      const px = x + 0.5 + part * dx;
      const py = y + 0.5 + part * dy;
      if (length > 0) twice += this.#points[length - 2]! * py - px * this.#points[length - 1]!;
      this.#points[length++] = px;
      this.#points[length++] = py;
      // Ahead, with the subject on the right: first the pixel beside the outer one, then the one beside the inner one.
      const ahead = (side + 1) & 3;
      const [ax, ay] = [STEP_X[ahead]!, STEP_Y[ahead]!];
      const outer = this.#at(x + dx + ax, y + dy + ay);
      const inner = this.#at(x + ax, y + ay);
      const innerIn = inner > this.#middle;
      const outerIn = outer > this.#middle;
      // Opposite corners alike: the mean of the four says which of them hang together.
      const joined = innerIn || inside + inner + outer + this.#at(x + dx, y + dy) > 4 * this.#middle;
      if (outerIn && joined) {
        x += dx + ax;
        y += dy + ay;
        side = (side + 3) & 3;
      } else if (innerIn) {
        x += ax;
        y += ay;
      } else side = ahead;
    } while (x !== startX || y !== startY || side !== WEST);
    const points = this.#points.subarray(0, length);
    twice += points[length - 2]! * points[1]! - points[0]! * points[length - 1]!;
    return { points, area: twice / 2 };
  }

  #at(x: number, y: number): number {
    const { width, height, data } = this.#alpha;
    return x < 0 || y < 0 || x >= width || y >= height ? 0 : data[y * width + x]!;
  }

  #grow(): void {
    const longer = new Float64Array(2 * this.#points.length);
    longer.set(this.#points);
    this.#points = longer;
  }
}
