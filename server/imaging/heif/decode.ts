import type { Raster } from '../picture.ts';
import { runDecoder } from './decoder-thread.ts';

/**
 * Decodes a HEIC file whose header has been checked.
 * @param bits of its samples; those of more than 8 are spread over 16
 * @throws {AppError} TRUNCATED_IMAGE, NOT_AN_IMAGE where the decoder is not installed
 */
export async function decodeHeic(file: Buffer, hasAlpha: boolean, bits: number): Promise<Raster> {
  const { width, height, bits: decoded, pixels } = await runDecoder(file, bits > 8);
  const samples = decoded > 8 ? spread(new Uint16Array(pixels.buffer), decoded) : pixels;
  if (hasAlpha) return { width, height, channels: 4, data: samples };
  const data = decoded > 8 ? new Uint16Array(3 * width * height) : new Uint8Array(3 * width * height);
  for (let s = 0, t = 0; s < samples.length; s += 4) {
    data[t++] = samples[s]!;
    data[t++] = samples[s + 1]!;
    data[t++] = samples[s + 2]!;
  }
  return { width, height, channels: 3, data };
}

function spread(samples: Uint16Array, bits: number): Uint16Array {
  const scale = 65535 / (2 ** bits - 1);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.min(65535, samples[i]! * scale + 0.5);
  return samples;
}
