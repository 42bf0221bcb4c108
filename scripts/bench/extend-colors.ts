import type { AlphaPlane, Raster } from '../../server/imaging/picture.ts';

/**
 * Colors of the solid subject carried over the whole picture: exact where alpha is at least 0.99, elsewhere the mean of
 * the nearest scale at which some solid pixel is in reach (push-pull over a pyramid of halves, bilinear on the way back).
 * @param picture RGB of 8 bits
 */
export function extendColors({ width, height, data }: Raster, alpha: AlphaPlane): Raster {
  const solid = alpha.data instanceof Uint16Array ? 65535 : 255;
  const values = new Float32Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    if (alpha.data[i]! < 0.99 * solid) continue;
    values.set([data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!, 1], 4 * i);
  }
  fill(values, width, height);
  const out = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) out[3 * i + c] = values[4 * i + c]! + 0.5;
  return { width, height, channels: 3, data: out };
}

/** Gives every pixel of weight below 1 the color of the halved picture for the missing part. */
function fill(values: Float32Array, width: number, height: number): void {
  if (width === 1 && height === 1) return;
  const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const half = new Float32Array(columns * rows * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 4 * (y * width + x);
      const to = 4 * ((y >> 1) * columns + (x >> 1));
      const weight = values[from + 3]!;
      for (let c = 0; c < 3; c++) half[to + c]! += values[from + c]! * weight;
      half[to + 3]! += weight;
    }
  }
  for (let i = 0; i < half.length; i += 4) {
    const weight = half[i + 3]!;
    if (weight > 0) for (let c = 0; c < 3; c++) half[i + c]! /= weight;
    half[i + 3] = Math.min(1, weight);
  }
  fill(half, columns, rows);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = 4 * (y * width + x);
      const weight = values[to + 3]!;
      if (weight < 1) {
        const sample = bilinear(half, columns, rows, (x + 0.5) / 2 - 0.5, (y + 0.5) / 2 - 0.5);
        for (let c = 0; c < 3; c++) values[to + c] = weight * values[to + c]! + (1 - weight) * sample[c]!;
      }
      values[to + 3] = 1;
    }
  }
}

function bilinear(values: Float32Array, width: number, height: number, u: number, v: number): [number, number, number] {
  const [x0, y0] = [Math.max(0, Math.floor(u)), Math.max(0, Math.floor(v))];
  const [x1, y1] = [Math.min(width - 1, Math.floor(u) + 1), Math.min(height - 1, Math.floor(v) + 1)];
  const [s, t] = [u - Math.floor(u), v - Math.floor(v)];
  const at = (x: number, y: number, c: number) => values[4 * (y * width + x) + c]!;
  const mix = (c: number) =>
    (1 - t) * ((1 - s) * at(x0, y0, c) + s * at(x1, y0, c)) + t * ((1 - s) * at(x0, y1, c) + s * at(x1, y1, c));
  return [mix(0), mix(1), mix(2)];
}
