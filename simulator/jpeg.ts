import jpeg from 'jpeg-js';
import { HostError } from './errors.ts';
import type { ImageContent } from './image-data.ts';

export interface EncodeOptions {
  imageData: unknown;
  base64?: boolean;
}

/** encodeImageData: JPEG files of RGB pictures with 8 bits and without alpha, and no others. */
export function encodeJpeg({ width, height, components, colorSpace, data }: ImageContent): Uint8Array {
  if (colorSpace !== 'RGB' || components !== 3 || !(data instanceof Uint8Array))
    throw new HostError('encodeImageData: only RGB data with 8 bits and without alpha can be encoded');
  const rgba = Buffer.alloc(width * height * 4, 255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) rgba.set(data.subarray(from, from + 3), to);
  return jpeg.encode({ width, height, data: rgba }, 90).data;
}
