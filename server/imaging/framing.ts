import { MAX_PIXELS, MAX_SIDE } from '../../protocol/limits.ts';
import type { Fit } from '../../protocol/matte.ts';
import { AppError } from '../errors.ts';
import type { AlphaPlane, Region } from './picture.ts';

/** How a result is cut and laid on its canvas. */
export interface Framing {
  /** Cuts to the subject. */
  trim: boolean;
  /** Around what is shown: pixels, or percent of the longer side of what is trimmed, or of the canvas where it has a size. */
  margin: { value: number; isPercent: boolean };
  /** Of the canvas; null: as large as what is shown. */
  size: { width: number; height: number } | null;
  /** `contain`: all of it, as large as it can be; `cover`: fills the canvas; `shrink`: like `contain`, but never enlarged. */
  fit: Fit;
  /** Where it lies, 0 to 1 of the room that is left. */
  align: { x: number; y: number };
}

/** What is taken from the picture, and where it lies on the canvas, which it may exceed. */
export interface Frame {
  source: Region;
  target: Region;
  canvas: { width: number; height: number };
}

/** Opacity too low to be seen: 2 %. */
const VISIBLE = 0.02;

/** Nothing is enlarged more: a speck would fill a canvas with nothing to see. */
const MAX_ENLARGING = 64;

/** @throws {AppError} BAD_REQUEST when the margin leaves no room on the canvas; IMAGE_TOO_LARGE */
export function frameSubject(alpha: AlphaPlane, { trim, margin, size, fit, align }: Framing): Frame {
  const whole = { left: 0, top: 0, width: alpha.width, height: alpha.height };
  const box = (trim && boundsOf(alpha)) || whole;
  const longest = size ? Math.max(size.width, size.height) : Math.max(box.width, box.height);
  const edge = Math.round(margin.isPercent ? (margin.value / 100) * longest : margin.value);
  if (!size) {
    // What can hardly be seen of the subject lies in the margin, and is kept.
    const left = Math.min(edge, box.left);
    const top = Math.min(edge, box.top);
    const width = Math.min(box.left + box.width + edge, alpha.width) - box.left + left;
    const height = Math.min(box.top + box.height + edge, alpha.height) - box.top + top;
    const canvas = { width: box.width + 2 * edge, height: box.height + 2 * edge };
    checkCanvas(canvas);
    return {
      source: { left: box.left - left, top: box.top - top, width, height },
      target: { left: edge - left, top: edge - top, width, height },
      canvas,
    };
  }
  const room = { width: size.width - 2 * edge, height: size.height - 2 * edge };
  if (room.width < 1 || room.height < 1) throw new AppError('BAD_REQUEST', 'The margin leaves no room.');
  checkCanvas(size);
  const [across, down] = [room.width / box.width, room.height / box.height];
  const wanted = fit === 'cover' ? Math.max(across, down) : Math.min(across, down, fit === 'shrink' ? 1 : Infinity);
  const scale = Math.min(wanted, MAX_ENLARGING);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const left = edge + Math.round((room.width - width) * align.x);
  const top = edge + Math.round((room.height - height) * align.y);
  return { source: box, target: { left, top, width, height }, canvas: size };
}

function checkCanvas({ width, height }: { width: number; height: number }): void {
  if (width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS) return;
  throw new AppError('IMAGE_TOO_LARGE', `The result would have ${width} x ${height} pixels, more than Hairline makes.`);
}

/** Around all that can be seen; null for an empty matte. */
export function boundsOf({ width, height, data }: AlphaPlane): Region | null {
  const least = VISIBLE * (data instanceof Uint16Array ? 65535 : 255);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (data[i]! < least) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top === height) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}
