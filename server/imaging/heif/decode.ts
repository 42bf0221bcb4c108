import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../errors.ts';
import { damaged } from '../damage.ts';
import type { Raster } from '../picture.ts';

/** An optional package: libheif and libde265, compiled to WebAssembly. The image library has no decoder of HEVC. */
const DECODER = 'libheif-js/wasm-bundle';

/** Milliseconds; 48 megapixels take ten seconds on a slow computer. */
const TIME_LIMIT = 180_000;

/**
 * What the thread runs; text, because there is no file of it that both the compiled code and the tests could name. Of several
 * pictures the primary one counts; gain maps, depths and thumbnails belong to it and are none. libheif turns it upright.
 */
const PROGRAM = `
const { parentPort, workerData: { decoder, file } } = require('node:worker_threads');
const heif = require(decoder);
const images = new heif.HeifDecoder().decode(file);
const image = images.find((one) => one.is_primary()) ?? images[0];
if (!image) throw new Error('no picture');
const { heif_colorspace, heif_chroma } = heif;
const found = heif.heif_js_decode_image2(
  image.handle, heif_colorspace.heif_colorspace_RGB, heif_chroma.heif_chroma_interleaved_RGBA);
if (!found || found.code || !found.channels) throw new Error(found?.message ?? 'no pixels');
const { width, height, stride, data } = found.channels[0];
const pixels = new Uint8Array(4 * width * height);
for (let y = 0; y < height; y++) pixels.set(data.subarray(y * stride, y * stride + 4 * width), 4 * y * width);
parentPort.postMessage({ width, height, pixels }, [pixels.buffer]);
`;

interface Decoded {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/**
 * Decodes a HEIC file whose header has been checked, in a thread of its own: its memory is given back, and a decoder that
 * fails or hangs takes nothing with it. 8 bits.
 * @throws {AppError} TRUNCATED_IMAGE, NOT_AN_IMAGE where the decoder is not installed
 */
export async function decodeHeic(file: Buffer, hasAlpha: boolean): Promise<Raster> {
  const { width, height, pixels } = await run(file, findDecoder());
  if (hasAlpha) return { width, height, channels: 4, data: pixels };
  const data = new Uint8Array(3 * width * height);
  for (let s = 0, t = 0; s < pixels.length; s += 4) {
    data[t++] = pixels[s]!;
    data[t++] = pixels[s + 1]!;
    data[t++] = pixels[s + 2]!;
  }
  return { width, height, channels: 3, data };
}

function findDecoder(): string {
  try {
    return createRequire(import.meta.url).resolve(DECODER);
  } catch (cause) {
    throw new AppError('NOT_AN_IMAGE', 'The decoder of HEIC pictures, the package libheif-js, is not installed.', {
      cause,
    });
  }
}

function run(file: Buffer, decoder: string): Promise<Decoded> {
  const worker = new Worker(PROGRAM, { eval: true, workerData: { decoder, file }, stdout: true, stderr: true });
  return new Promise<Decoded>((resolve, reject) => {
    const timer = setTimeout(() => reject(damaged('it cannot be decoded in time')), TIME_LIMIT);
    const fail = (cause?: unknown) => reject(damaged(undefined, cause));
    worker
      .once('message', resolve)
      .once('error', fail)
      .once('exit', () => fail());
    worker.once('exit', () => clearTimeout(timer));
  }).finally(() => worker.terminate());
}
