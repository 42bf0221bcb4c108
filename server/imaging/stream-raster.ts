import type { Raster, RasterStream } from './picture.ts';

/** A raster as a stream of one strip. */
export function streamRaster(raster: Raster): RasterStream {
  const { width, height, channels, data } = raster;
  return { width, height, channels, depth: data instanceof Uint16Array ? 16 : 8, strips: once() };

  async function* once() {
    yield { ...raster, top: 0 };
  }
}

/** Reads a stream to its end into one raster. */
export async function joinStrips({ width, height, channels, depth, strips }: RasterStream): Promise<Raster> {
  const samples = width * height * channels;
  const data = depth === 16 ? new Uint16Array(samples) : new Uint8Array(samples);
  for await (const strip of strips) data.set(strip.data, strip.top * width * channels);
  return { width, height, channels, data };
}
