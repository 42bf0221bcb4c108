import type { AlphaPlane, Raster } from '../imaging/picture.ts';

/** Straight RGBA from a picture and its matte. A picture's own transparency multiplies the matte. */
export function cutOut(picture: Raster, alpha: AlphaPlane): Raster {
  const { width, height, channels, data } = picture;
  const max = maxOf(data);
  const out = data instanceof Uint16Array ? new Uint16Array(width * height * 4) : new Uint8Array(width * height * 4);
  const scale = max / maxOf(alpha.data);
  for (let i = 0, s = 0, t = 0; i < width * height; i++, s += channels, t += 4) {
    out[t] = data[s]!;
    out[t + 1] = data[s + 1]!;
    out[t + 2] = data[s + 2]!;
    const opacity = alpha.data[i]! * scale;
    out[t + 3] = channels === 4 ? (opacity * data[s + 3]!) / max + 0.5 : opacity + 0.5;
  }
  return { width, height, channels: 4, data: out };
}

/**
 * Lays straight RGBA over a colour or over a picture of the same size and returns RGB.
 * Mixing happens on the encoded (sRGB) samples, as Photoshop's layers do by default.
 * @param backdrop colour 0..255 per channel, or an RGB(A) raster whose own transparency is ignored
 */
export function composeOver(cutout: Raster, backdrop: readonly [number, number, number] | Raster): Raster {
  const { width, height, data } = cutout;
  const max = maxOf(data);
  const out = data instanceof Uint16Array ? new Uint16Array(width * height * 3) : new Uint8Array(width * height * 3);
  const plain = Array.isArray(backdrop);
  const step = plain ? 0 : (backdrop as Raster).channels;
  const behind = plain
    ? Float64Array.from(backdrop as readonly number[], (v) => (v * max) / 255)
    : (backdrop as Raster).data;
  const unit = plain ? 1 : max / maxOf(behind as Uint8Array);
  for (let i = 0, s = 0, t = 0, b = 0; i < width * height; i++, s += 4, t += 3, b += step) {
    const a = data[s + 3]! / max;
    for (let c = 0; c < 3; c++) out[t + c] = a * data[s + c]! + (1 - a) * behind[b + c]! * unit + 0.5;
  }
  return { width, height, channels: 3, data: out };
}

function maxOf(samples: Uint8Array | Uint16Array): number {
  return samples instanceof Uint16Array ? 65535 : 255;
}
