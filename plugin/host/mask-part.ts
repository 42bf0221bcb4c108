import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import type { Alpha } from '../picture.ts';
import { type Samples, shareToByte } from './convert-pixels.ts';

/** A part of a mask as read back from Photoshop, one sample per pixel. */
export interface MaskPart {
  left: number;
  top: number;
  width: number;
  height: number;
  samples: Samples;
}

type Read = Imaging.GetLayerMaskResult;
type Size = { width: number; height: number };

/** What was read, and where on the canvas it lies: an answer may be trimmed. Null if it makes no sense. */
export async function readPart({ imageData, sourceBounds }: Read, canvas: Size): Promise<MaskPart | null> {
  const { width, height } = imageData;
  const samples = await imageData.getData({ chunky: true, fullRange: true });
  const { left, top } = sourceBounds;
  const fits = left >= 0 && top >= 0 && left + width <= canvas.width && top + height <= canvas.height;
  return fits && samples.length === width * height ? { left, top, width, height, samples } : null;
}

/** The same, and the image data is disposed of. */
export async function takePart(read: Read, canvas: Size): Promise<MaskPart | null> {
  try {
    return await readPart(read, canvas);
  } finally {
    read.imageData.dispose();
  }
}

export function createAlpha({ width, height }: Size, depth: Alpha['depth']): Alpha {
  const pixels = Math.round(width) * Math.round(height);
  const data = depth === 8 ? new Uint8Array(pixels) : new Uint16Array(pixels);
  return { width: Math.round(width), height: Math.round(height), depth, data };
}

/** Puts a part where it lies. */
export function copyPart(mask: Alpha, { left, top, width, height, samples }: MaskPart): void {
  const { BYTES_PER_ELEMENT: bytes } = samples;
  const same = bytes * 8 === mask.depth;
  for (let row = 0; row < height; row++) {
    const to = (top + row) * mask.width + left;
    const line = samples.subarray(row * width, (row + 1) * width);
    if (same) mask.data.set(line, to);
    else
      for (let column = 0; column < width; column++) mask.data[to + column] = convert(line[column]!, bytes, mask.depth);
  }
}

function convert(sample: number, bytes: number, depth: Alpha['depth']): number {
  if (depth === 8) return shareToByte(sample, bytes);
  if (bytes === 1) return sample * 257;
  return bytes === 2 ? sample : Math.round(Math.min(1, Math.max(0, sample)) * 65535);
}
