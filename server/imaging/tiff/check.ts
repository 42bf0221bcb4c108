import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { damaged } from '../damage.ts';
import { TAG } from './directory.ts';
import type { Layout } from './layout.ts';

/** Values of Compression (TIFF 6.0; Adobe Photoshop TIFF Technical Notes). */
const NONE = 1;
const OLD_JPEG = 6;
const DEFLATE = [8, 32946];
const PACK_BITS = 32773;

const unpack = promisify(inflate);

/**
 * Whether all pixels are there. The library fills what is missing with black and says nothing. Wrong byte counts of
 * uncompressed strips, bytes behind the last strip and errors in metadata cost no pixels and pass.
 * @throws {AppError} TRUNCATED_IMAGE
 */
export async function checkTiff(file: Buffer, layout: Layout): Promise<void> {
  const { directory, compression } = layout;
  if (compression === OLD_JPEG) return;
  const { name, count, rowBytes, rows, rowsOf } = measureParts(layout);
  const isTiled = name === 'tile';
  const offsets = directory.numbers(isTiled ? TAG.tileOffsets : TAG.stripOffsets);
  const lengths = directory.numbers(isTiled ? TAG.tileByteCounts : TAG.stripByteCounts);
  if (offsets.length < count) throw damaged(`${count - offsets.length} of ${count} ${name}s are missing`);
  for (let i = 0; i < count; i++) {
    const which = `${name} ${i + 1} of ${count}`;
    const wanted = rowBytes * rowsOf(i);
    const length = compression === NONE ? wanted : lengths[i];
    const at = offsets[i]!;
    if (!length || at + length > file.length)
      throw damaged(`${which} ${length ? 'lies beyond the end of the file' : 'has no pixels'}`);
    const part = file.subarray(at, at + length);
    if (DEFLATE.includes(compression)) await checkDeflate(part, wanted, rowBytes * rows, which);
    else if (compression === PACK_BITS && unpackedLength(part) < wanted) throw damaged(`${which} is too short`);
  }
}

function measureParts({ directory, width, height, bits, samples, photometric, isPlanar }: Layout) {
  const tileWidth = directory.number(TAG.tileWidth, 0);
  const tileHeight = directory.number(TAG.tileHeight, 0);
  const planes = isPlanar ? samples : 1;
  // Chroma of YCbCr may be coarser: how many bytes that takes is not worth knowing here.
  const bytesOf = (pixels: number) =>
    photometric === 6 ? 1 : Math.ceil((pixels * bits * (isPlanar ? 1 : samples)) / 8);
  if (tileWidth > 0 && tileHeight > 0) {
    const count = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight) * planes;
    return { name: 'tile', count, rowBytes: bytesOf(tileWidth), rows: tileHeight, rowsOf: () => tileHeight };
  }
  const rows = Math.min(height, Math.max(1, directory.number(TAG.rowsPerStrip, height)));
  const strips = Math.ceil(height / rows);
  const rowsOf = (i: number) => Math.min(rows, height - (i % strips) * rows);
  return { name: 'strip', count: strips * planes, rowBytes: bytesOf(width), rows, rowsOf };
}

/** @param most what the last strip holds where its writer filled it up */
async function checkDeflate(part: Buffer, wanted: number, most: number, which: string): Promise<void> {
  const { length } = await unpack(part, { maxOutputLength: most + 1024 }).catch((cause) => {
    throw damaged(`${which} cannot be unpacked`, cause);
  });
  if (length < wanted) throw damaged(`${which} is too short`);
}

/** TIFF 6.0 section 9, without writing anything. */
function unpackedLength(part: Buffer): number {
  let length = 0;
  for (let at = 0; at < part.length; ) {
    const head = part.readInt8(at);
    if (head >= 0) {
      length += Math.min(head + 1, part.length - at - 1);
      at += head + 2;
    } else {
      if (head !== -128) length += 1 - head;
      at += head === -128 ? 1 : 2;
    }
  }
  return length;
}
