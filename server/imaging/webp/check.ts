import { checkSize } from '../check-size.ts';
import { damaged } from '../damage.ts';
import { checkLossless } from './lossless.ts';
import { checkLossy } from './lossy.ts';

const HEADER = 12;
/** Bytes of a frame of an animation before its own chunks (WebP Container Specification). */
const FRAME_HEADER = 16;
/** Of the byte in front of a plane of opacity. */
const IS_PACKED = 0b11;

interface Chunk {
  name: string;
  start: number;
  end: number;
}

/**
 * Looks for damage in the pixels of the first picture of a WebP file, which decoders pass over: they notice only what makes a file
 * end too early. Bytes behind the picture and damaged metadata cost no pixels and pass.
 * @throws {AppError} TRUNCATED_IMAGE, IMAGE_TOO_LARGE
 */
export function checkWebp(bytes: Buffer): void {
  const chunks = [...readChunks(bytes, HEADER, bytes.length)];
  const frame = chunks.find(({ name }) => name === 'ANMF');
  const own = frame ? [...readChunks(bytes, frame.start + FRAME_HEADER, frame.end)] : chunks;
  const picture = own.find(({ name }) => name === 'VP8 ' || name === 'VP8L');
  if (!picture) throw damaged('its pixels are missing');
  const { start, end } = picture;
  if (end > bytes.length) throw damaged('its pixels end too early');
  if (picture.name === 'VP8L') {
    const size = end - start >= 5 ? bytes.readUInt32LE(start + 1) : 0;
    checkSize((size & 0x3fff) + 1, ((size >> 14) & 0x3fff) + 1);
    checkLossless(bytes, start, end);
    return;
  }
  if (end - start < 10) throw damaged('its pixels are missing');
  const [width, height] = [bytes.readUInt16LE(start + 6) & 0x3fff, bytes.readUInt16LE(start + 8) & 0x3fff];
  checkSize(width, height);
  checkLossy(bytes, start, end);
  const opacity = own.find(({ name }) => name === 'ALPH');
  if (opacity) checkOpacity(bytes, opacity, width, height);
}

function checkOpacity(bytes: Buffer, { start, end }: Chunk, width: number, height: number): void {
  if (end > bytes.length || end === start) throw damaged('its opacity ends too early');
  if (bytes[start]! & IS_PACKED) checkLossless(bytes, start + 1, end, { width, height });
  else if (end - start - 1 < width * height) throw damaged('its opacity ends too early');
}

/** Name, length, data padded to even. The last may be longer than the file. */
function* readChunks(bytes: Buffer, from: number, to: number): Generator<Chunk> {
  for (let at = from; at + 8 <= Math.min(to, bytes.length); ) {
    const length = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    yield { name: bytes.toString('latin1', at, at + 4), start, end: start + length };
    at = start + length + (length & 1);
  }
}
