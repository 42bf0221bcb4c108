/**
 * A profile of the kind "three-component matrix" (ICC.1 8.3.3), which nearly all RGB working spaces are, and gray ones
 * with a curve. Converts single colors; whole pictures are the image library's work.
 */
export interface ColorSpace {
  /** From its own numbers, 0..1 and beyond, to linear sRGB. */
  toLinear(color: readonly number[]): [number, number, number];
  /** From linear sRGB to its own numbers, 0..1. */
  fromLinear(linear: readonly number[]): [number, number, number];
}

type Curve = (value: number) => number;
type Matrix = readonly (readonly number[])[];

/** sRGB to XYZ of the profile connection space, D50 (IEC 61966-2-1, adapted with Bradford). */
const SRGB_TO_XYZ: Matrix = [
  [0.4360747, 0.3850649, 0.1430804],
  [0.2225045, 0.7168786, 0.0606169],
  [0.0139322, 0.0971045, 0.7141733],
];
const XYZ_TO_SRGB = invert(SRGB_TO_XYZ);

const MAX_TAGS = 100;

/** Kind of the numbers that a profile is about (ICC.1 7.2.6), `RGB `, `GRAY`, `CMYK` or another; null for what is none. */
export function spaceOf(icc: Buffer): string | null {
  return icc.length >= 132 && icc.toString('latin1', 36, 40) === 'acsp' ? icc.toString('latin1', 16, 20) : null;
}

/** @returns null for a profile that is built of tables, or damaged */
export function readColorSpace(icc: Buffer): ColorSpace | null {
  try {
    const space = spaceOf(icc);
    if (space === 'GRAY') return fromCurves(SRGB_TO_XYZ, Array(3).fill(readCurve(findTag(icc, 'kTRC'))));
    if (space !== 'RGB ' || findTag(icc, 'A2B0')) return null;
    const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => readXyz(findTag(icc, name)));
    const toXyz = [0, 1, 2].map((row) => columns.map((column) => column[row]!));
    return fromCurves(
      toXyz,
      ['rTRC', 'gTRC', 'bTRC'].map((name) => readCurve(findTag(icc, name))),
    );
  } catch {
    return null;
  }
}

/** What gray of 16 bits becomes in sRGB; null for what is no profile of gray. */
export function readTone(icc: Buffer): Uint16Array | null {
  const space = spaceOf(icc) === 'GRAY' ? readColorSpace(icc) : null;
  if (!space) return null;
  const toSrgb = (v: number) => 65535 * Math.min(1, Math.max(0, encodeSrgb(space.toLinear([v, v, v])[0]))) + 0.5;
  return Uint16Array.from({ length: 65536 }, (_, v) => toSrgb(v / 65535));
}

function fromCurves(toXyz: Matrix, curves: readonly Curve[]): ColorSpace {
  const forward = multiply(XYZ_TO_SRGB, toXyz);
  const back = invert(forward);
  const inverse = curves.map(invertCurve);
  return {
    toLinear: (color) =>
      apply(
        forward,
        color.map((v, i) => curves[i]!(v)),
      ),
    fromLinear: (linear) => apply(back, linear).map((v, i) => inverse[i]!(v)) as [number, number, number],
  };
}

/** The curve of sRGB (IEC 61966-2-1). */
export function encodeSrgb(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}

export function decodeSrgb(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** ICC.1 7.3: signature, offset and size of each tag. */
function findTag(icc: Buffer, name: string): Buffer | null {
  const count = Math.min(MAX_TAGS, icc.readUInt32BE(128));
  for (let at = 132; at < 132 + 12 * count; at += 12) {
    if (icc.toString('latin1', at, at + 4) !== name) continue;
    const start = icc.readUInt32BE(at + 4);
    return icc.subarray(start, start + icc.readUInt32BE(at + 8));
  }
  return null;
}

function readXyz(tag: Buffer | null): number[] {
  return [8, 12, 16].map((at) => tag!.readInt32BE(at) / 65536);
}

/** Types `curv` and `para` (ICC.1 10.6, 10.18). Beyond 0..1 a straight line through the origin and 1 goes on. */
function readCurve(tag: Buffer | null): Curve {
  if (tag!.toString('latin1', 0, 4) === 'para') return readParametric(tag!);
  const count = tag!.readUInt32BE(8);
  if (count === 0) return (v) => v;
  if (count === 1) return power(tag!.readUInt16BE(12) / 256);
  const points = tag!.subarray(12, 12 + 2 * count);
  if (points.length !== 2 * count) throw new RangeError('The curve is cut.');
  return (v) => {
    if (!(v > 0 && v < 1)) return v;
    const place = v * (count - 1);
    const low = Math.floor(place);
    const [a, b] = [points.readUInt16BE(2 * low), points.readUInt16BE(2 * Math.min(count - 1, low + 1))];
    return (a + (place - low) * (b - a)) / 65535;
  };
}

function readParametric(tag: Buffer): Curve {
  const kind = tag.readUInt16BE(8);
  const size = [1, 3, 4, 5, 7][kind];
  if (!size) throw new RangeError('The curve is of an unknown kind.');
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: size },
    (_, i) => tag.readInt32BE(12 + 4 * i) / 65536,
  );
  if (kind === 0) return power(g);
  const bent = (v: number) => Math.max(0, a * v + b) ** g;
  if (kind === 1) return (v) => (v >= -b / a ? bent(v) : 0);
  if (kind === 2) return (v) => (v >= -b / a ? bent(v) + c : c);
  return (v) => (v >= d ? bent(v) + e : c * v + f);
}

function power(exponent: number): Curve {
  return (v) => Math.sign(v) * Math.abs(v) ** exponent;
}

const STEPS = 4096;

/** Of a rising curve, by a table whose steps are finer towards black, as curves are steeper there. */
function invertCurve(curve: Curve): Curve {
  const find = searchInverse(curve);
  let table: Float64Array | undefined;
  return (wanted) => {
    if (!(wanted > 0)) return 0;
    if (wanted >= 1) return find(1);
    table ??= Float64Array.from({ length: STEPS + 1 }, (_, i) => find((i / STEPS) ** 2));
    const place = Math.sqrt(wanted) * STEPS;
    const low = Math.floor(place);
    return table[low]! + (place - low) * (table[low + 1]! - table[low]!);
  };
}

/** By halving. */
function searchInverse(curve: Curve): Curve {
  return (wanted) => {
    if (!(wanted > curve(0))) return 0;
    if (wanted >= curve(1)) return 1;
    let [low, high] = [0, 1];
    for (let i = 0; i < 24; i++) {
      const middle = (low + high) / 2;
      if (curve(middle) < wanted) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
}

function apply(matrix: Matrix, [x = 0, y = 0, z = 0]: readonly number[]): [number, number, number] {
  return matrix.map(([a = 0, b = 0, c = 0]) => a * x + b * y + c * z) as [number, number, number];
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => [0, 1, 2].map((c) => row.reduce((sum, v, i) => sum + v * b[i]![c]!, 0)));
}

function invert(m: Matrix): Matrix {
  const [[a, b, c], [d, e, f], [g, h, i]] = m as [number, number, number][] as [
    [number, number, number],
    [number, number, number],
    [number, number, number],
  ];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (Math.abs(determinant) < 1e-9) throw new RangeError('The matrix has no inverse.');
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((v) => v / determinant));
}
