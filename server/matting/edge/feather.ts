import type { Pace } from '../yield-often.ts';
import { Band, BLOCK } from './band.ts';
import type { Plane16 } from './plane.ts';

/** Three boxes come within 3 % of a Gaussian. */
const PASSES = 3;

/** A box of 2 radius + 1 samples and two more of weight `rim`, so that any deviation can be had, below a pixel too. */
interface Box {
  radius: number;
  rim: number;
}

/** Gwosdek et al., "Theoretical foundations of Gaussian convolution by extended box filtering", 2011, equations 13, 14. */
export function boxFor(deviation: number): Box {
  const variance = deviation ** 2 / PASSES;
  const radius = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const rim = ((2 * radius + 1) * (radius * (radius + 1) - 3 * variance)) / (6 * (variance - (radius + 1) ** 2));
  return { radius, rim };
}

/**
 * Gaussian blur in place, by running sums, only near edges. Beyond its borders the picture goes on with its last pixel,
 * so that a subject cut by the frame stays solid there.
 * @param deviation standard deviation in pixels, above 0
 */
export async function feather(plane: Plane16, deviation: number, pace: Pace): Promise<void> {
  const { width, height } = plane;
  const box = boxFor(deviation);
  const reach = PASSES * (box.radius + 1);
  const band = new Band(plane, reach);
  const lines = new Lines(Math.max(width, height), reach);
  for (let row = 0; row < band.rows; row++) {
    const lanes = Math.min(BLOCK, height - row * BLOCK);
    lines.blur(
      plane.data,
      { base: row * BLOCK * width, along: 1, across: width, length: width, lanes },
      band.runsOfRow(row),
      box,
    );
    await pace.step();
  }
  for (let column = 0; column < band.columns; column++) {
    const lanes = Math.min(BLOCK, width - column * BLOCK);
    lines.blur(
      plane.data,
      { base: column * BLOCK, along: width, across: 1, length: height, lanes },
      band.runsOfColumn(column),
      box,
    );
    await pace.step();
  }
}

/** `lanes` parallel lines of a plane: sample `x` of lane `k` lies at `base + x along + k across`. */
interface Strip {
  base: number;
  along: number;
  across: number;
  length: number;
  lanes: number;
}

/** Buffers for one strip, lanes side by side. */
class Lines {
  readonly #reach: number;
  readonly #buffers: [Float32Array, Float32Array, Float32Array, Float32Array];
  readonly #sums = new Float64Array(BLOCK);

  constructor(length: number, reach: number) {
    this.#reach = reach;
    const size = (length + BLOCK + 2 * reach) * BLOCK;
    this.#buffers = [new Float32Array(size), new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  }

  blur(data: Uint16Array, strip: Strip, runs: readonly [number, number][], box: Box): void {
    const [first, second, third, last] = this.#buffers;
    const reach = this.#reach;
    const step = box.radius + 1;
    const pixels = runs.map(([from, to]) => [from * BLOCK, Math.min(to * BLOCK, strip.length)] as const);
    // Everything is read before anything is written: runs may lie within each other's reach.
    for (const [from, to] of pixels) load(data, strip, first, from - reach, to + reach, reach);
    for (const [from, to] of pixels) {
      this.#pass(first, second, from + reach - 2 * step, to + reach + 2 * step, strip.lanes, box);
      this.#pass(second, third, from + reach - step, to + reach + step, strip.lanes, box);
      this.#pass(third, last, from + reach, to + reach, strip.lanes, box);
      store(last, data, strip, from, to, reach);
    }
  }

  /** Weighted box mean of positions `from` to `to`. */
  #pass(source: Float32Array, out: Float32Array, from: number, to: number, lanes: number, { radius, rim }: Box): void {
    const sums = this.#sums;
    const share = 1 / (2 * radius + 1 + 2 * rim);
    sums.fill(0);
    for (let x = from - radius; x < from + radius; x++) {
      for (let k = 0; k < lanes; k++) sums[k]! += source[x * BLOCK + k]!;
    }
    for (let x = from; x < to; x++) {
      const enter = (x + radius) * BLOCK;
      const leave = (x - radius) * BLOCK;
      const at = x * BLOCK;
      for (let k = 0; k < lanes; k++) {
        const sum = sums[k]! + source[enter + k]!;
        out[at + k] = (sum + rim * (source[enter + BLOCK + k]! + source[leave - BLOCK + k]!)) * share;
        sums[k] = sum - source[leave + k]!;
      }
    }
  }
}

function load(data: Uint16Array, strip: Strip, out: Float32Array, from: number, to: number, offset: number): void {
  const { base, along, across, length, lanes } = strip;
  for (let x = from; x < to; x++) {
    const start = base + (x < 0 ? 0 : x >= length ? length - 1 : x) * along;
    const at = (x + offset) * BLOCK;
    for (let k = 0; k < lanes; k++) out[at + k] = data[start + k * across]!;
  }
}

function store(source: Float32Array, data: Uint16Array, strip: Strip, from: number, to: number, offset: number): void {
  const { base, along, across, lanes } = strip;
  for (let x = from; x < to; x++) {
    const at = (x + offset) * BLOCK;
    for (let k = 0; k < lanes; k++) data[base + x * along + k * across] = source[at + k]! + 0.5;
  }
}
