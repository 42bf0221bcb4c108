/** Width of the analyzed copy: hair is a region, not a pixel. */
const WIDTH = 96;
/** Half the side of the averaging window. */
const REACH = 4;

/** Fractions of width and height. */
export interface Spot {
  x: number;
  y: number;
}

/** Points of interest in a matte. */
export interface Focus {
  /** The softest area, which has the hair: where to zoom in. */
  hair: Spot;
  /** Horizontal center of the subject, 0..1: where to place the comparison line. */
  middle: number;
}

/** @throws {DOMException} where the picture cannot be decoded */
export async function findFocus(alpha: Blob): Promise<Focus> {
  const bitmap = await createImageBitmap(alpha, { resizeWidth: WIDTH, resizeQuality: 'medium' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return focusOf(context.getImageData(0, 0, width, height));
}

/** @param pixels gray RGBA */
export function focusOf({ width, height, data }: Pick<ImageData, 'width' | 'height' | 'data'>): Focus {
  const alphaAt = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : data[(y * width + x) * 4]! / 255;
  let hair = { x: 0.5, y: 0.5 };
  let [most, sum, moment] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      sum += alphaAt(x, y);
      moment += alphaAt(x, y) * (x + 0.5);
      const softness = softnessAround(alphaAt, x, y);
      if (softness <= most) continue;
      most = softness;
      hair = { x: (x + 0.5) / width, y: (y + 0.5) / height };
    }
  }
  return { hair, middle: sum > 0 ? moment / sum / width : 0.5 };
}

function softnessAround(alphaAt: (x: number, y: number) => number, left: number, top: number): number {
  let sum = 0;
  for (let y = top - REACH; y <= top + REACH; y++)
    for (let x = left - REACH; x <= left + REACH; x++) sum += alphaAt(x, y) * (1 - alphaAt(x, y));
  return sum;
}
