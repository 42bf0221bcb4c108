import type { AlphaPlane } from '../../imaging/picture.ts';

/** An alpha matte of 16 bits: what edge controls read and write, so that nothing is rounded to 8 bits before the end. */
export interface Plane16 extends AlphaPlane {
  data: Uint16Array;
}

/** @throws {Error} when the matte has 8 bits: what was rounded cannot be had back. */
export function toPlane16({ width, height, data }: AlphaPlane): Plane16 {
  if (!(data instanceof Uint16Array)) throw new Error('expected a matte of 16 bits');
  return { width, height, data };
}

/**
 * The nearest 8-bit values. Rounding twice, from float to 16 bits to 8, gives what rounding once would: 65535 is 257
 * times 255, an odd number, so the half steps of 8 bits are half steps of 16 bits and fall the same way.
 */
export function toEightBits({ width, height, data }: Plane16): AlphaPlane {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = (data[i]! * 255 + 32895) >>> 16;
  return { width, height, data: out };
}

/**
 * Area means of interleaved samples: every output pixel is the mean of what it covers, parts of pixels included.
 * @param width at most the source's, `height` likewise
 */
export function reduceSamples<T extends Uint8Array | Uint16Array>(
  source: { width: number; height: number; data: T },
  channels: number,
  width: number,
  height: number,
): T {
  const { data } = source;
  const line = source.width * channels;
  const size = width * height * channels;
  const out = (data instanceof Uint16Array ? new Uint16Array(size) : new Uint8Array(size)) as T;
  const across = coverage(source.width, width);
  const down = coverage(source.height, height);
  const column = new Float64Array(line);
  for (let y = 0; y < height; y++) {
    column.fill(0);
    for (let row = down.first[y]!; row <= down.last[y]!; row++) addRow(column, data, row * line, weigh(down, y, row));
    for (let x = 0, to = y * width * channels; x < width; x++, to += channels) {
      const first = across.first[x]!;
      const last = across.last[x]!;
      const head = across.head[x]!;
      const tail = across.tail[x]!;
      const whole = across.whole;
      for (let c = 0; c < channels; c++) {
        let sum = head * column[first * channels + c]!;
        for (let s = first + 1; s < last; s++) sum += whole * column[s * channels + c]!;
        if (last > first) sum += tail * column[last * channels + c]!;
        out[to + c] = sum + 0.5;
      }
    }
  }
  return out;
}

/** Source positions that each of `to` outputs covers, and the share of the first, the last and those between. */
interface Coverage {
  first: Int32Array;
  last: Int32Array;
  head: Float64Array;
  tail: Float64Array;
  whole: number;
}

function coverage(from: number, to: number): Coverage {
  const scale = from / to;
  const [first, last] = [new Int32Array(to), new Int32Array(to)];
  const [head, tail] = [new Float64Array(to), new Float64Array(to)];
  for (let x = 0; x < to; x++) {
    const begin = x * scale;
    const end = Math.min(from, begin + scale);
    first[x] = Math.floor(begin);
    last[x] = Math.max(first[x]!, Math.ceil(end - 1e-9) - 1);
    head[x] = (Math.min(end, first[x]! + 1) - begin) / scale;
    tail[x] = (end - last[x]!) / scale;
  }
  return { first, last, head, tail, whole: 1 / scale };
}

function weigh({ first, last, head, tail, whole }: Coverage, at: number, source: number): number {
  if (source === first[at]) return head[at]!;
  return source === last[at] ? tail[at]! : whole;
}

function addRow(sums: Float64Array, data: Uint8Array | Uint16Array, base: number, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += weight * data[base + i]!;
}

/** Less opacity than this everywhere means that no subject was found; the panel draws the same line. */
const FAINT = 0.05 * 65535;

export function hasSubject({ data }: Plane16): boolean {
  return data.some((value) => value > FAINT);
}
