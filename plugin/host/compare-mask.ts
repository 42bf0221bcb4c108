import type { Alpha, Bounds } from '../picture.ts';
import type { MaskPart } from './mask-part.ts';

/** One 255th, plus half a one that rounding to fewer bits may cost. */
const TOLERANCE = 1.5;

/** The first pixel of the part that differs from what was written, in words; null if none does. */
export function findDifference(mask: Alpha, part: MaskPart): string | null {
  const written = 255 / (mask.depth === 8 ? 255 : 65535);
  const { BYTES_PER_ELEMENT } = part.samples;
  const found = 255 / (BYTES_PER_ELEMENT === 1 ? 255 : BYTES_PER_ELEMENT === 2 ? 65535 : 1);
  for (let row = 0; row < part.height; row++) {
    let expected = (part.top + row) * mask.width + part.left;
    let index = row * part.width;
    for (const end = index + part.width; index < end; index++, expected++) {
      const difference = part.samples[index]! * found - mask.data[expected]! * written;
      if (difference > TOLERANCE || difference < -TOLERANCE) {
        return `pixel ${expected % mask.width}, ${part.top + row} is off by ${difference.toFixed(1)}/255`;
      }
    }
  }
  return null;
}

/** Cuts the canvas into full-width parts of about a megapixel, so that reading back needs little memory at a time. */
export function cutStrips(width: number, height: number, pixels = 1 << 20): Bounds[] {
  const rows = Math.max(1, Math.floor(pixels / width));
  const strips: Bounds[] = [];
  for (let top = 0; top < height; top += rows) {
    strips.push({ left: 0, top, right: width, bottom: Math.min(height, top + rows) });
  }
  return strips;
}
