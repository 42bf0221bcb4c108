import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import type { Alpha } from '../picture.ts';
import { shareToByte } from './convert-pixels.ts';
import { imaging } from './uxp.ts';

/** The gray of masks in Adobe's documentation; without a profile Photoshop takes the document's. */
export const MASK_PROFILE = 'Gray Gamma 2.2';

/** Hands the mask to `use` in the form that `putLayerMask` and `putSelection` take, and disposes of it after. */
export async function withMaskData<T>(
  mask: Alpha,
  colorProfile: string | null,
  use: (put: { imageData: Imaging.PhotoshopImageData; replace: true; targetBounds: Rect }) => Promise<T>,
): Promise<T> {
  const imageData = await createMaskData(mask, colorProfile);
  try {
    const targetBounds = { left: 0, top: 0, width: mask.width, height: mask.height };
    return await use({ imageData, replace: true, targetBounds });
  } finally {
    imageData.dispose();
  }
}

interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

function createMaskData(mask: Alpha, colorProfile: string | null): Promise<Imaging.PhotoshopImageData> {
  return imaging.createImageDataFromBuffer(mask.data, {
    width: mask.width,
    height: mask.height,
    components: 1,
    chunky: true,
    colorSpace: 'Grayscale',
    ...(colorProfile === null ? {} : { colorProfile }),
    // Without it Photoshop takes 16-bit values for 0..32768 and everything above for white.
    fullRange: mask.depth === 16,
  });
}

export function toEightBit(mask: Alpha): Alpha {
  if (mask.depth === 8) return mask;
  const data = new Uint8Array(mask.data.length);
  for (let index = 0; index < data.length; index++) data[index] = shareToByte(mask.data[index]!, 2);
  return { ...mask, depth: 8, data };
}
