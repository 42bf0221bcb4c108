import { readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { packTiff, shortTag } from '../../../server/imaging/tiff/tags.ts';
import { fuzzDocuments } from '../imaging/psd/fuzz-documents.ts';
import { seeded } from '../random.ts';
import { Mutator } from './mutate.ts';

/** From the folder of the compiled test or of its source. */
const HEIC = path.resolve('test/fixtures/heic');

/** Small good files by format, in the main varieties of each. */
export async function goodFiles() {
  const mutator = new Mutator(seeded(1));
  const noise = mutator.bytes(24 * 16 * 4);
  const image = () => sharp(noise, { raw: { width: 24, height: 16, channels: 4 } });
  const all = (...files: (Promise<Buffer> | Sharp)[]) =>
    Promise.all(files.map((file) => (file instanceof Promise ? file : file.toBuffer())));
  return {
    jpeg: await all(
      image().flatten().jpeg(),
      image().flatten().jpeg({ progressive: true }).withMetadata({ orientation: 6 }),
      image().flatten().toColorspace('cmyk').jpeg(),
    ),
    png: await all(image().png(), image().png({ palette: true }), image().toColorspace('rgb16').png()),
    webp: await all(
      image().webp(),
      image().webp({ lossless: true }),
      image().flatten().webp({ quality: 90 }).withMetadata({ orientation: 6 }),
    ),
    tiff: await all(
      image().tiff({ compression: 'none' }),
      image().tiff({ compression: 'lzw' }),
      image().tiff({ compression: 'jpeg' }),
      // What is brought into another form first: floating samples, CMYK, Lab in tiles, a smaller copy behind.
      image().toColorspace('scrgb').tiff({ compression: 'deflate' }),
      image().flatten().toColorspace('cmyk').tiff({ compression: 'packbits' }),
      image().flatten().toColorspace('lab').tiff({ tile: true, tileWidth: 16, tileHeight: 16 }),
      image().tiff({ bigtiff: true, compression: 'deflate', pyramid: true }),
    ),
    psd: fuzzDocuments(),
    heif: await all(
      ...['display-p3', 'transparent', 'second-is-primary'].map((name) => readFile(path.join(HEIC, `${name}.heic`))),
      image().avif({ effort: 0 }),
    ),
    others: [...(await all(image().gif())), ...bitmaps(mutator), cameraRaw(await image().flatten().jpeg().toBuffer())],
  };
}

/** Eight rows of eight pixels: plain, with a palette, packed, with masks. */
function bitmaps(mutator: Mutator): Buffer[] {
  const kinds: [bits: number, compression: number, extra: number][] = [
    [24, 0, 0],
    [8, 0, 1024],
    [8, 1, 1024],
    [4, 2, 64],
    [32, 3, 12],
  ];
  return kinds.map(([bits, compression, extra]) => {
    const head = Buffer.alloc(54);
    head.write('BM', 'latin1');
    head.writeUInt32LE(54 + extra, 10);
    head.writeUInt32LE(40, 14);
    head.writeInt32LE(8, 18);
    head.writeInt32LE(8, 22);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(compression, 30);
    return Buffer.concat([head, mutator.bytes(extra), mutator.bytes(8 * bits)]);
  });
}

/** Built like a DNG; its preview is too small to be used, unless a number says otherwise. */
function cameraRaw(jpeg: Buffer): Buffer {
  return Buffer.concat([packTiff([shortTag(262, 32803), shortTag(256, 24), shortTag(257, 16)], {}), jpeg]);
}
