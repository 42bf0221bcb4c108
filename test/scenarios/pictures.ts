import type { Depth, HostLayer, NewPicture, PixelData } from '../../simulator/index.ts';

interface Wish {
  width?: number;
  height?: number;
  depth?: Depth;
  channels?: 3 | 4;
  /** Left and right exchanged. */
  flipped?: boolean;
}

/** A picture with a clear left and right, fully opaque. */
export function createPicture({
  width = 120,
  height = 80,
  depth = 8,
  channels = 3,
  flipped = false,
}: Wish): NewPicture {
  const full = depth === 8 ? 255 : depth === 16 ? 32768 : 1;
  const size = width * height * channels;
  const data: PixelData =
    depth === 8 ? new Uint8Array(size) : depth === 16 ? new Uint16Array(size) : new Float32Array(size);
  for (let y = 0, index = 0; y < height; y++) {
    for (let column = 0; column < width; column++) {
      const x = flipped ? width - 1 - column : column;
      data[index++] = (full * x) / width;
      data[index++] = (full * y) / height;
      data[index++] = full / 4;
      if (channels === 4) data[index++] = full;
    }
  }
  return { name: 'portrait.psd', width, height, depth, channels, data };
}

/** Opacity 0..1 that the layer's mask gives a pixel of the canvas. */
export function maskAt({ mask }: HostLayer, x: number, y: number): number {
  if (mask === null) throw new Error('The layer has no mask');
  const bits = mask.data.BYTES_PER_ELEMENT;
  const full = bits === 1 ? 255 : bits === 2 ? 32768 : 1;
  const [column, row] = [x - mask.left, y - mask.top];
  const inside = column >= 0 && row >= 0 && column < mask.width && row < mask.height;
  return (inside ? mask.data[row * mask.width + column]! : mask.outside) / full;
}
