import { writePsdUint8Array } from 'ag-psd';
import type { AlphaPlane, Raster } from './picture.ts';

/** PSD stores 8 bits here; the library that writes it knows no other depth. */
export type Psd8 = { picture: Raster & { data: Uint8Array }; alpha: AlphaPlane & { data: Uint8Array } };

/**
 * A Photoshop document of one layer: the untouched picture, hidden by a layer mask where the matte is dark.
 * @param name of the layer
 */
export function encodePsd(name: string, { picture, alpha }: Psd8): Uint8Array {
  const { width, height } = picture;
  const pixels = toRgba(picture);
  const merged = pixels.slice();
  const mask = new Uint8Array(width * height * 4);
  for (let i = 0, t = 0; i < alpha.data.length; i++, t += 4) {
    const a = alpha.data[i]!;
    mask.fill(a, t, t + 3);
    mask[t + 3] = 255;
    merged[t + 3] = Math.round((a * pixels[t + 3]!) / 255);
  }
  return writePsdUint8Array(
    {
      width,
      height,
      // What viewers that know no layers show.
      imageData: { width, height, data: merged },
      children: [
        {
          name,
          left: 0,
          top: 0,
          imageData: { width, height, data: pixels },
          mask: { left: 0, top: 0, defaultColor: 0, imageData: { width, height, data: mask } },
        },
      ],
    },
    { noBackground: true },
  );
}

function toRgba({ width, height, channels, data }: Raster & { data: Uint8Array }): Uint8Array {
  if (channels === 4) return data;
  const out = new Uint8Array(width * height * 4);
  for (let i = 0, s = 0; i < out.length; i += 4) {
    out[i] = data[s++]!;
    out[i + 1] = data[s++]!;
    out[i + 2] = data[s++]!;
    out[i + 3] = 255;
  }
  return out;
}
