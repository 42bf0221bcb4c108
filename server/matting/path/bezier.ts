/** x, y. */
export type Vector = [number, number];

/** `Math.hypot` takes ten times as long. */
export function length(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1];
}

export function scaled([x, y]: Vector, by: number): Vector {
  return [x * by, y * by];
}

export function reversed(vector: Vector): Vector {
  return scaled(vector, -1);
}

export function pointAt(c: readonly number[], t: number): Vector {
  const s = 1 - t;
  const [a, b, d, e] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return [a * c[0]! + b * c[2]! + d * c[4]! + e * c[6]!, a * c[1]! + b * c[3]! + d * c[5]! + e * c[7]!];
}

/** First derivative. */
export function slopeAt(c: readonly number[], t: number): Vector {
  const s = 1 - t;
  const of = (i: number) =>
    3 * (s * s * (c[2 + i]! - c[i]!) + 2 * s * t * (c[4 + i]! - c[2 + i]!) + t * t * (c[6 + i]! - c[4 + i]!));
  return [of(0), of(1)];
}

/** Second derivative. */
export function bendAt(c: readonly number[], t: number): Vector {
  const of = (i: number) =>
    6 * ((1 - t) * (c[4 + i]! - 2 * c[2 + i]! + c[i]!) + t * (c[6 + i]! - 2 * c[4 + i]! + c[2 + i]!));
  return [of(0), of(1)];
}
