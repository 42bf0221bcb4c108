/** Pixels as Photoshop gives them. 16-bit samples are full range (0..65535), 32-bit samples are linear light. */
export type Samples = Uint8Array | Uint16Array | Float32Array;

/**
 * Brings chunky samples to 8-bit sRGB(A). Normally Photoshop has done that and nothing is copied; this is for versions
 * that refuse the conversion. One and two components are gray and gray with alpha.
 */
export function toEightBitRgb(samples: Samples, components: number): { channels: 3 | 4; depth: 8; data: Uint8Array } {
  const hasAlpha = components === 2 || components === 4;
  const channels = hasAlpha ? 4 : 3;
  if (samples.BYTES_PER_ELEMENT === 1 && components === channels)
    return { channels, depth: 8, data: samples as Uint8Array };
  const pixels = Math.floor(samples.length / components);
  const data = new Uint8Array(pixels * channels);
  const toByte = byteConverter(samples.BYTES_PER_ELEMENT);
  const isGray = components < 3;
  for (let pixel = 0, from = 0, to = 0; pixel < pixels; pixel++, from += components) {
    const red = toByte(samples[from]!);
    data[to++] = red;
    data[to++] = isGray ? red : toByte(samples[from + 1]!);
    data[to++] = isGray ? red : toByte(samples[from + 2]!);
    // Alpha is a share, not a light: it keeps clear of the transfer curve.
    if (hasAlpha) data[to++] = shareToByte(samples[from + components - 1]!, samples.BYTES_PER_ELEMENT);
  }
  return { channels, depth: 8, data };
}

function byteConverter(bytesPerSample: number): (sample: number) => number {
  if (bytesPerSample === 4) return (light) => Math.round(encodeSrgb(light) * 255);
  return (sample) => shareToByte(sample, bytesPerSample);
}

/** A sample between none and all as 0..255; every depth means the same by it. */
export function shareToByte(sample: number, bytesPerSample: number): number {
  if (bytesPerSample === 1) return sample;
  if (bytesPerSample === 2) return Math.round(sample / 257);
  return Math.round(Math.min(1, Math.max(0, sample)) * 255);
}

/** The sRGB transfer curve. Values outside 0..1 are highlights and rounding of a 32-bit document; NaN is black. */
function encodeSrgb(light: number): number {
  if (!(light > 0)) return 0;
  if (light >= 1) return 1;
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}
