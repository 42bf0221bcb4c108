import type { Picture, Pixels } from '../picture.ts';

/** Less than this, in 255ths, is rounding. */
const NOTICEABLE = 1;

/**
 * What is left of cleaned colors where they are those of the picture anyway: the edge alone, so that the original can
 * still be retouched elsewhere. Opaque; null where there is nothing to fix.
 */
export function keepFixes(cleaned: Pixels, picture: Picture): Picture | null {
  const { width, height, channels } = picture;
  const tolerance = NOTICEABLE * (picture.depth === 8 ? 1 : 257);
  const full = picture.depth === 8 ? 255 : 65535;
  const isFixed = (pixel: number): boolean => {
    const from = pixel * channels;
    if (channels === 4 && picture.data[from + 3] === 0) return false;
    const to = pixel * 4;
    for (let c = 0; c < 3; c++) {
      if (Math.abs(cleaned.data[to + c]! - picture.data[from + c]!) > tolerance) return true;
    }
    return false;
  };
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (!isFixed(pixel)) continue;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = y + 1;
    }
  }
  if (box.right === 0) return null;
  const [columns, rows] = [box.right - box.left, box.bottom - box.top];
  const size = columns * rows * 4;
  const data = picture.depth === 8 ? new Uint8Array(size) : new Uint16Array(size);
  for (let y = 0, to = 0; y < rows; y++) {
    let pixel = (box.top + y) * width + box.left;
    for (let x = 0; x < columns; x++, pixel++, to += 4) {
      if (!isFixed(pixel)) continue;
      for (let c = 0; c < 3; c++) data[to + c] = cleaned.data[pixel * 4 + c]!;
      data[to + 3] = full;
    }
  }
  const { left, top, depth, profile } = picture;
  return { left: left + box.left, top: top + box.top, width: columns, height: rows, channels: 4, depth, profile, data };
}
