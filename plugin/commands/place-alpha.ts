import type { Alpha } from '../picture.ts';

/**
 * The matte of a layer, put where the layer lies on a canvas that is hidden everywhere else. Always the whole canvas:
 * what Photoshop shows outside a smaller mask is not documented.
 */
export function placeAlpha(alpha: Alpha, left: number, top: number, width: number, height: number): Alpha {
  // The usual photograph fills its canvas; then the server's buffer is the mask and nothing is copied.
  if (left === 0 && top === 0 && alpha.width === width && alpha.height === height) return alpha;
  const data = alpha.depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  const firstColumn = Math.max(0, left);
  const lastColumn = Math.min(width, left + alpha.width);
  const firstRow = Math.max(0, top);
  const lastRow = Math.min(height, top + alpha.height);
  if (lastColumn <= firstColumn) return { width, height, depth: alpha.depth, data };
  for (let row = firstRow; row < lastRow; row++) {
    const start = (row - top) * alpha.width + (firstColumn - left);
    data.set(alpha.data.subarray(start, start + lastColumn - firstColumn), row * width + firstColumn);
  }
  return { width, height, depth: alpha.depth, data };
}

/** The part of an alpha of the canvas that lies over a picture of these bounds, which is inside the canvas. */
export function cutAlpha(alpha: Alpha, left: number, top: number, width: number, height: number): Alpha {
  if (alpha.width === width && alpha.height === height) return alpha;
  const data = alpha.depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (top + row) * alpha.width + left;
    data.set(alpha.data.subarray(start, start + width), row * width);
  }
  return { width, height, depth: alpha.depth, data };
}

/** Less opacity than this everywhere means that the model saw no subject; such a mask would only make the layer vanish. */
const FAINT = 0.05;

export function hasSubject(alpha: Alpha): boolean {
  const faint = FAINT * (alpha.depth === 8 ? 255 : 65535);
  return alpha.data.some((value) => value > faint);
}
