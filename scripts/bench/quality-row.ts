import { readFile } from 'node:fs/promises';
import { openEncoded } from '../../server/imaging/codec.ts';
import type { AlphaPlane, Raster } from '../../server/imaging/picture.ts';
import { composeOver } from '../../server/matting/composition.ts';
import { estimateForeground } from '../../server/matting/foreground/estimate-foreground.ts';
import { findHairWindow } from '../sheets/contact-sheet.ts';
import { drawSheetRow, ZOOM_WINDOW } from '../sheets/quality-sheet.ts';
import type { Plane } from './metrics/plane.ts';

export const WORST = 10;

/** A color that no skin, hair or wall has: leftovers of the old background stand out. */
const BACKDROP = [46, 92, 190] as const;

/** Pixels around the window that the colors inside it can depend on. */
const MARGIN = 64;

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Keeps the rows of the pictures with the largest errors, drawn at once so that no picture has to stay in memory. */
export class WorstRows {
  readonly #rows: { error: number; png: Buffer }[] = [];

  async offer(error: number, draw: () => Promise<Buffer>): Promise<void> {
    if (this.#rows.length === WORST && error <= this.#rows[WORST - 1]!.error) return;
    this.#rows.push({ error, png: await draw() });
    this.#rows.sort((a, b) => b.error - a.error);
    this.#rows.splice(WORST);
  }

  /** Worst first. */
  get rows(): Buffer[] {
    return this.#rows.map(({ png }) => png);
  }
}

/**
 * Before, truth, the matte of an earlier run where there is one, ours, absolute difference; then, at 300 %, the window in which the true edge is finest: truth, ours and
 * the cut-out in the product's own foreground colors.
 */
export async function drawRow(
  caption: string,
  image: string,
  { truth, matte, earlier }: { truth: Plane; matte: Plane; earlier: Plane | null },
): Promise<Buffer> {
  const before = await (await openEncoded(await readFile(image))).readRaster(8);
  const [wanted, ours] = [toBytes(truth), toBytes(matte)];
  const difference = { ...ours, data: ours.data.map((value, i) => Math.abs(value - wanted.data[i]!)) };
  const { left, top, side } = findHairWindow(wanted, ZOOM_WINDOW.width);
  const window: Box = { left, top, width: side, height: Math.max(1, Math.floor((side * 5) / 8)) };
  const cutout = await cutOutWindow(before, ours, window);
  return drawSheetRow({
    caption,
    whole: [before, wanted, ...(earlier ? [toBytes(earlier)] : []), ours, difference],
    windows: [cropPlane(wanted, window), cropPlane(ours, window), cutout],
  });
}

async function cutOutWindow(picture: Raster, alpha: AlphaPlane, window: Box): Promise<Raster> {
  const left = Math.max(0, window.left - MARGIN);
  const top = Math.max(0, window.top - MARGIN);
  const around: Box = {
    left,
    top,
    width: Math.min(picture.width, window.left + window.width + MARGIN) - left,
    height: Math.min(picture.height, window.top + window.height + MARGIN) - top,
  };
  const foreground = await estimateForeground(cropRaster(picture, around), cropPlane(alpha, around));
  const composed = composeOver(foreground, BACKDROP);
  return cropRaster(composed, { ...window, left: window.left - left, top: window.top - top });
}

function cropRaster({ channels, data, width }: Raster, box: Box): Raster {
  return { width: box.width, height: box.height, channels, data: crop(data, width, channels, box) };
}

function cropPlane({ data, width }: AlphaPlane, box: Box): AlphaPlane {
  return { width: box.width, height: box.height, data: crop(data, width, 1, box) };
}

/** For 8-bit samples. */
function crop(data: ArrayLike<number>, stride: number, channels: number, box: Box): Uint8Array {
  const out = new Uint8Array(box.width * box.height * channels);
  for (let y = 0, t = 0; y < box.height; y++) {
    let s = ((box.top + y) * stride + box.left) * channels;
    for (let i = 0; i < box.width * channels; i++) out[t++] = data[s++]!;
  }
  return out;
}

function toBytes({ width, height, data }: Plane): AlphaPlane & { data: Uint8Array } {
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) bytes[i] = data[i]! / 257 + 0.5;
  return { width, height, data: bytes };
}
