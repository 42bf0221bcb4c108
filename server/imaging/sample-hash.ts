import { createHash } from 'node:crypto';
import type { AlphaPlane, Raster } from './picture.ts';

/** Of samples in the order of rows, 16-bit ones in the byte order of this machine's processor, which is little-endian. */
export class SampleHash {
  readonly #hash = createHash('sha256');

  constructor(width: number, height: number, channels: number, depth: number) {
    this.#hash.update(`${width} ${height} ${channels} ${depth} `);
  }

  add({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): this {
    this.#hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    return this;
  }

  toString(): string {
    return `sha256-${this.#hash.digest('base64')}`;
  }
}

export function hashSamples(pixels: AlphaPlane | Raster): string {
  const { width, height, data } = pixels;
  const channels = 'channels' in pixels ? pixels.channels : 1;
  return new SampleHash(width, height, channels, 8 * data.BYTES_PER_ELEMENT).add(data).toString();
}
