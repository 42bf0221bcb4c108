import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../errors.ts';
import { damaged } from '../damage.ts';

/** An optional package: libheif and libde265, compiled to WebAssembly. The image library has no decoder of HEVC. */
const DECODER = 'libheif-js/wasm-bundle';

/** Milliseconds; 48 megapixels take ten seconds on a slow computer. */
const TIME_LIMIT = 180_000;

/** A thread that has nothing to do is kept for the next picture of a folder: loading the decoder takes longer than many pictures. */
const IDLE_LIMIT = 15_000;
const MAX_IDLE = 2;

/** Memory of WebAssembly is never given back; a thread that took more is ended. */
const MAX_KEPT_BYTES = 256 * 1024 * 1024;

/**
 * What the thread runs; text, because there is no file of it that both the compiled code and the tests could name. Of several
 * pictures the primary one counts; gain maps, depths and thumbnails belong to it and are none. libheif turns it upright.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const heif = require(workerData);
const { heif_colorspace, heif_chroma } = heif;
function decode(decoder, file, isDeep) {
  const images = decoder.decode(file);
  try {
    const image = images.find((one) => one.is_primary()) ?? images[0];
    if (!image) throw new Error('no picture');
    const chroma = isDeep ? heif_chroma.heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma.heif_chroma_interleaved_RGBA;
    const found = heif.heif_js_decode_image2(image.handle, heif_colorspace.heif_colorspace_RGB, chroma);
    if (!found || found.code || !found.channels) throw new Error(found?.message ?? 'no pixels');
    const { width, height, stride, data, bits_per_pixel: bits } = found.channels[0];
    const line = (isDeep ? 8 : 4) * width;
    const pixels = new Uint8Array(line * height);
    for (let y = 0; y < height; y++) pixels.set(data.subarray(y * stride, y * stride + line), line * y);
    heif.heif_image_release(found.image);
    return { width, height, bits: isDeep ? bits : 8, pixels };
  } finally {
    for (const image of images) image.free();
  }
}
parentPort.on('message', ({ file, isDeep }) => {
  const decoder = new heif.HeifDecoder();
  let answer;
  try {
    answer = decode(decoder, file, isDeep);
  } finally {
    if (decoder.decoder) heif.heif_context_free(decoder.decoder);
  }
  parentPort.postMessage({ ...answer, memory: heif.HEAPU8.length }, [answer.pixels.buffer]);
});
`;

export interface Decoded {
  width: number;
  height: number;
  /** Of each sample. */
  bits: number;
  /** RGBA, of 8 bits, or of 16 with the sample in the lower ones, little-endian. */
  pixels: Uint8Array;
}

/** What a thread that has nothing to do is watched by. */
interface Idle {
  worker: Worker;
  timer: NodeJS.Timeout;
  drop(): void;
}

const idle: Idle[] = [];

/**
 * Decodes in a thread: a decoder that fails or hangs takes nothing with it.
 * @throws {AppError} TRUNCATED_IMAGE, NOT_AN_IMAGE where the decoder is not installed
 */
export async function runDecoder(file: Buffer, isDeep: boolean): Promise<Decoded> {
  const worker = takeWorker();
  try {
    const { memory, ...decoded } = await ask(worker, file, isDeep);
    if (memory <= MAX_KEPT_BYTES && idle.length < MAX_IDLE) keep(worker);
    else void worker.terminate();
    return decoded;
  } catch (error) {
    void worker.terminate();
    throw error;
  }
}

function takeWorker(): Worker {
  const kept = idle.pop();
  if (!kept) {
    const worker = new Worker(PROGRAM, { eval: true, workerData: findDecoder(), stdout: true, stderr: true });
    // Those who wait for an answer listen too; what it says at other times must end no process.
    return worker.on('error', () => {});
  }
  clearTimeout(kept.timer);
  kept.worker.off('exit', kept.drop).ref();
  return kept.worker;
}

/** Until it has been idle for too long; the process may end meanwhile. */
function keep(worker: Worker): void {
  const drop = () => {
    const place = idle.indexOf(entry);
    if (place >= 0) idle.splice(place, 1);
    clearTimeout(entry.timer);
    void worker.terminate();
  };
  const entry: Idle = { worker, drop, timer: setTimeout(drop, IDLE_LIMIT).unref() };
  worker.once('exit', drop).unref();
  idle.push(entry);
}

function ask(worker: Worker, file: Buffer, isDeep: boolean): Promise<Decoded & { memory: number }> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      worker.off('message', take).off('error', fail).off('exit', fail);
      settle();
    };
    const timer = setTimeout(() => end(() => reject(damaged('it cannot be decoded in time'))), TIME_LIMIT);
    const take = (answer: Decoded & { memory: number }) => end(() => resolve(answer));
    const fail = (cause: unknown) => end(() => reject(damaged(undefined, cause)));
    worker.on('message', take).on('error', fail).on('exit', fail);
    // A view would take the whole memory that it looks at along.
    const own = new Uint8Array(file);
    worker.postMessage({ file: own, isDeep }, [own.buffer]);
  });
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
