/** Width of the copy that is searched; hair is a region, not a pixel. */
const WIDTH = 96;
/** Half the side of the square that counts. */
const REACH = 4;

export interface Spot {
  x: number;
  y: number;
}

/**
 * Where a matte is softest, which is where its hair is: the place to look at when it is enlarged.
 * @returns fractions of width and height
 */
export async function findSoftest(alpha: Blob): Promise<Spot> {
  const bitmap = await createImageBitmap(alpha, { resizeWidth: WIDTH, resizeQuality: 'medium' });
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return softestOf(context.getImageData(0, 0, width, height));
}

/** @param pixels grey RGBA */
export function softestOf({ width, height, data }: Pick<ImageData, 'width' | 'height' | 'data'>): Spot {
  const softness = (x: number, y: number) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return 0;
    const a = data[(y * width + x) * 4]! / 255;
    return a * (1 - a);
  };
  let most = 0;
  let spot = { x: 0.5, y: 0.5 };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = -REACH; dy <= REACH; dy++) for (let dx = -REACH; dx <= REACH; dx++) sum += softness(x + dx, y + dy);
      if (sum <= most) continue;
      most = sum;
      spot = { x: (x + 0.5) / width, y: (y + 0.5) / height };
    }
  }
  return spot;
}
