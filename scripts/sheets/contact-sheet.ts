import sharp from 'sharp';
import type { AlphaPlane, Raster } from '../../server/imaging/picture.ts';

/** Widths in pixels of one panel and of the paper between panels. */
const PANEL = 800;
const GAP = 16;
const PAPER = { r: 24, g: 25, b: 28 };

/** A square window of the picture, in pixels. */
export interface Window {
  left: number;
  top: number;
  side: number;
}

/**
 * Three panels side by side (before, mask, cut-out) and below them the same window of each at 300 %.
 * All three have the picture's size. @returns PNG bytes
 */
export async function drawContactSheet(
  before: Raster,
  mask: AlphaPlane,
  cutout: Raster,
  window: Window,
): Promise<Buffer> {
  const panels = [open(before), open({ ...mask, channels: 1 }), open(cutout)];
  const height = Math.round((PANEL * before.height) / before.width);
  const row = (y: number, images: Buffer[]) =>
    images.map((input, i) => ({ input, left: GAP + i * (PANEL + GAP), top: y }));
  const whole = await Promise.all(panels.map((p) => p.clone().resize(PANEL, height, { fit: 'fill' }).png().toBuffer()));
  const zoom = { left: window.left, top: window.top, width: window.side, height: Math.round((window.side * 5) / 8) };
  const zoomHeight = Math.round((PANEL * 5) / 8);
  const zoomed = await Promise.all(
    // Nearest: the sheet must show real pixels, without smoothing.
    panels.map((p) =>
      p.clone().extract(zoom).resize(PANEL, zoomHeight, { kernel: 'nearest', fit: 'fill' }).png().toBuffer(),
    ),
  );
  return sharp({
    create: {
      width: 3 * PANEL + 4 * GAP,
      height: height + zoomHeight + 3 * GAP,
      channels: 3,
      background: PAPER,
    },
  })
    .composite([...row(GAP, whole), ...row(height + 2 * GAP, zoomed)])
    .png({ compressionLevel: 8 })
    .toBuffer();
}

function open({ width, height, channels, data }: Omit<Raster, 'channels'> & { channels: 1 | 3 | 4 }) {
  return sharp(data, { limitInputPixels: false, raw: { width, height, channels } }).toColorspace('srgb');
}

/**
 * The window in which alpha changes most: a strand goes up and down where a shoulder only goes up, and a large
 * half-transparent patch, usually a mistake of the network, hardly changes at all.
 * @param side wanted width in pixels, reduced to fit the picture
 */
export function findHairWindow({ width, height, data }: AlphaPlane, side: number): Window {
  const wide = Math.min(side, width, Math.floor((height * 8) / 5));
  const tall = Math.floor((wide * 5) / 8);
  const step = Math.max(1, wide >> 3);
  let best: Window & { score: number } = { left: 0, top: 0, side: wide, score: -1 };
  for (let top = 0; top + tall <= height; top += step) {
    for (let left = 0; left + wide <= width; left += step) {
      let score = 0;
      for (let y = top; y < top + tall - 2; y += 2) {
        for (let x = left; x < left + wide - 2; x += 2) {
          const i = y * width + x;
          score += Math.abs(data[i]! - data[i + 2]!) + Math.abs(data[i]! - data[i + 2 * width]!);
        }
      }
      if (score > best.score) best = { left, top, side: wide, score };
    }
  }
  return { left: best.left, top: best.top, side: best.side };
}
