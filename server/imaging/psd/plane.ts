import type { AlphaPlane, Raster } from '../picture.ts';

export type Samples = Uint8Array | Uint16Array;

/** One channel of the whole canvas; fills `row`, which is as long as the canvas is wide, with the samples of line `y`. */
export type Plane = (y: number, row: Samples) => void;

/** One channel of interleaved pixels. */
export function channelOf({ channels, data }: Raster, channel: number): Plane {
  return (y, row) => {
    for (let x = 0, s = y * row.length * channels + channel; x < row.length; x++, s += channels) row[x] = data[s]!;
  };
}

/** Transparency of a raster; opaque where it has none. */
export function opacityOf(raster: Raster): Plane {
  const max = maxOf(raster.data);
  return raster.channels === 4 ? channelOf(raster, 3) : (_, row) => row.fill(max);
}

export function planeOf({ data }: AlphaPlane): Plane {
  return (y, row) => row.set(data.subarray(y * row.length, (y + 1) * row.length));
}

/** What is visible through the mask: the picture's own transparency times the mask. */
export function maskedOpacity(picture: Raster, alpha: AlphaPlane): Plane {
  if (picture.channels === 3) return planeOf(alpha);
  const mask = alpha.data;
  const own = opacityOf(picture);
  const max = maxOf(mask);
  return (y, row) => {
    own(y, row);
    for (let x = 0, i = y * row.length; x < row.length; x++, i++) row[x] = (mask[i]! * row[x]!) / max + 0.5;
  };
}

/** One color channel of the visible picture, over white. */
export function overWhite(picture: Raster, channel: number, opacity: Plane): Plane {
  const { channels, data, width } = picture;
  const max = maxOf(data);
  const alpha: Samples = max === 65535 ? new Uint16Array(width) : new Uint8Array(width);
  return (y, row) => {
    opacity(y, alpha);
    for (let x = 0, s = y * width * channels + channel; x < width; x++, s += channels) {
      const a = alpha[x]!;
      row[x] = a === 0 ? max : a === max ? data[s]! : (data[s]! * a) / max + (max - a) + 0.5;
    }
  };
}

export function maxOf(samples: Samples): 255 | 65535 {
  return samples instanceof Uint16Array ? 65535 : 255;
}
