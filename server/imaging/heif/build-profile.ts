import type { ColorCode } from './color-code.ts';

type Point = readonly [x: number, y: number];

interface Space {
  name: string;
  red: Point;
  green: Point;
  blue: Point;
}

/** ITU-T H.273, table 2; white is D65. */
const SPACES: Readonly<Record<number, Space>> = {
  1: { name: 'BT.709', red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] },
  9: { name: 'BT.2020', red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] },
  12: { name: 'Display P3', red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
};
const D65: Point = [0.3127, 0.329];
const D50 = [0.9642, 1, 0.8249];

/** Table 3. */
const [SRGB, PQ, HLG] = [13, 16, 18];

/** Points of the curves that have no formula in profiles. */
const POINTS = 2048;

/** White of paper in the HDR curves (ITU-R BT.2408): nits of PQ, and the signal of HLG. What is brighter is clipped to white. */
const PQ_WHITE = 203;
const HLG_WHITE = 0.75;

/** @returns an ICC profile of the colors, or null where they are sRGB or nothing is said */
export function buildProfile({ primaries, transfer }: ColorCode): Buffer | null {
  const space = SPACES[primaries];
  const isHdr = transfer === PQ || transfer === HLG;
  if (!space || (primaries === 1 && !isHdr)) return null;
  const kind = transfer === PQ ? ' PQ' : transfer === HLG ? ' HLG' : '';
  const curve = isHdr
    ? pointsTag(transfer === PQ ? fromPq : fromHlg)
    : formulaTag(transfer === SRGB || primaries === 12);
  const [red, green, blue] = toColumns(space);
  return packProfile([
    ['desc', textTag(space.name + kind)],
    ['cprt', textTag('No copyright')],
    ['wtpt', xyzTag(D50)],
    ['rXYZ', xyzTag(red!)],
    ['gXYZ', xyzTag(green!)],
    ['bXYZ', xyzTag(blue!)],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ]);
}

/** SMPTE ST 2084. */
function fromPq(value: number): number {
  const power = value ** (1 / 78.84375);
  const share = Math.max(0, power - 0.8359375) / (18.8515625 - 18.6875 * power);
  return (10_000 / PQ_WHITE) * share ** (1 / 0.1593017578125);
}

/** ITU-R BT.2100, without the adaptation to a screen. */
function fromHlg(value: number): number {
  return sceneOf(value) / sceneOf(HLG_WHITE);
}

function sceneOf(value: number): number {
  return value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12;
}

/** XYZ over D50 of full red, green and blue. */
function toColumns({ red, green, blue }: Space): number[][] {
  const columns = [red, green, blue].map(toXyz);
  const scales = solve(columns, toXyz(D65));
  return columns.map((column, i) => adapt(column.map((v) => v * scales[i]!)));
}

function toXyz([x, y]: Point): number[] {
  return [x / y, 1, (1 - x - y) / y];
}

/** Shares of three columns that make up a target (Cramer's rule). */
function solve(columns: readonly number[][], target: readonly number[]): number[] {
  const whole = determinant(columns);
  return columns.map((_, i) => determinant(columns.map((column, k) => (k === i ? [...target] : column))) / whole);
}

function determinant([a, b, c]: readonly number[][]): number {
  const cross = (i: number, k: number) => b![i]! * c![k]! - b![k]! * c![i]!;
  return a![0]! * cross(1, 2) - a![1]! * cross(0, 2) + a![2]! * cross(0, 1);
}

/** From D65 to D50 with Bradford's matrix. */
function adapt([x = 0, y = 0, z = 0]: readonly number[]): number[] {
  return [
    1.0478112 * x + 0.0228866 * y - 0.050127 * z,
    0.0295424 * x + 0.9904844 * y - 0.0170491 * z,
    -0.0092345 * x + 0.0150436 * y + 0.7521316 * z,
  ];
}

/** ICC.1 10.15, one language. */
function textTag(text: string): Buffer {
  const out = Buffer.alloc(28 + 2 * text.length);
  out.write('mluc', 'latin1');
  for (const [i, value] of [1, 12].entries()) out.writeUInt32BE(value, 8 + 4 * i);
  out.write('enUS', 16, 'latin1');
  out.writeUInt32BE(2 * text.length, 20);
  out.writeUInt32BE(28, 24);
  Buffer.from(text, 'utf16le').swap16().copy(out, 28);
  return out;
}

function xyzTag(values: readonly number[]): Buffer {
  return numbersTag('XYZ ', [], values);
}

/** The curve of sRGB, or of BT.709 (ICC.1 10.18, function type 3). */
function formulaTag(isSrgb: boolean): Buffer {
  const numbers = isSrgb
    ? [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
    : [1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081];
  return numbersTag('para', [0, 3, 0, 0], numbers);
}

/** A type, further bytes, numbers of 16 bits before and after the point. */
function numbersTag(type: string, bytes: readonly number[], numbers: readonly number[]): Buffer {
  const out = Buffer.alloc(8 + bytes.length + 4 * numbers.length);
  out.write(type, 'latin1');
  out.set(bytes, 8);
  for (const [i, value] of numbers.entries()) out.writeInt32BE(Math.round(value * 65536), 8 + bytes.length + 4 * i);
  return out;
}

function pointsTag(curve: (value: number) => number): Buffer {
  const out = Buffer.alloc(12 + 2 * POINTS);
  out.write('curv', 'latin1');
  out.writeUInt32BE(POINTS, 8);
  for (let i = 0; i < POINTS; i++) {
    const value = Math.min(1, curve(i / (POINTS - 1)));
    out.writeUInt16BE(Math.round(65535 * value), 12 + 2 * i);
  }
  return out;
}

/** ICC.1 7.2 and 7.3: a header, the places of the tags, the tags. */
function packProfile(tags: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const head = Buffer.alloc(132 + 12 * tags.length);
  const parts: Buffer[] = [head];
  const places = new Map<Buffer, number>();
  let at = head.length;
  for (const [i, [name, data]] of tags.entries()) {
    let place = places.get(data);
    if (place === undefined) {
      place = at;
      places.set(data, at);
      parts.push(data, Buffer.alloc(-data.length & 3));
      at += data.length + (-data.length & 3);
    }
    head.write(name, 132 + 12 * i, 'latin1');
    head.writeUInt32BE(place, 136 + 12 * i);
    head.writeUInt32BE(data.length, 140 + 12 * i);
  }
  head.writeUInt32BE(at, 0);
  head.write('\x04\x30\0\0mntrRGB XYZ ', 8, 'latin1');
  // A date is asked for; this one makes the same profile each time.
  head.writeUInt16BE(2026, 24);
  head.writeUInt16BE(1, 26);
  head.writeUInt16BE(1, 28);
  head.write('acsp', 36, 'latin1');
  xyzTag(D50).copy(head, 68, 8);
  head.writeUInt32BE(tags.length, 128);
  return Buffer.concat(parts);
}
