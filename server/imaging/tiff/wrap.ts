import { TAG } from './directory.ts';

/** Interleaved samples that are decoded, as a file of them would describe them. */
export interface Wrapped {
  width: number;
  height: number;
  /** TIFF's PhotometricInterpretation: 1 for gray, 2 for RGB, 5 for CMYK. */
  photometric: 1 | 2 | 5;
  /** Samples of a pixel; one more than colours means straight transparency. */
  samples: number;
  data: Uint8Array | Uint16Array;
  profile?: Buffer | undefined;
  /** As in Exif, 1 to 8. */
  orientation?: number | undefined;
}

const COLOURS = { 1: 1, 2: 3, 5: 4 } as const;
const SHORT = 3;
const LONG = 4;
const UNDEFINED = 7;

/** An unpacked TIFF, which hands decoded pixels with their profile to the image library. Little-endian, as are the samples. */
export function wrapTiff({ width, height, photometric, samples, data, profile, orientation = 1 }: Wrapped): Buffer {
  const pixels = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const bits = 8 * data.BYTES_PER_ELEMENT;
  const hasAlpha = samples > COLOURS[photometric];
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [TAG.width, LONG, 1, width],
    [TAG.height, LONG, 1, height],
    // More than two values do not fit into the entry; they stand before the pixels.
    [TAG.bitsPerSample, SHORT, samples, samples > 2 ? 8 : bits * 0x10001],
    [TAG.compression, SHORT, 1, 1],
    [TAG.photometric, SHORT, 1, photometric],
    [TAG.stripOffsets, LONG, 1, 8 + 2 * samples],
    [TAG.orientation, SHORT, 1, orientation],
    [TAG.samplesPerPixel, SHORT, 1, samples],
    [TAG.rowsPerStrip, LONG, 1, height],
    [TAG.stripByteCounts, LONG, 1, pixels.length],
    ...(hasAlpha ? [[TAG.extraSamples, SHORT, 1, 2] as [number, number, number, number]] : []),
  ];
  const start = 8 + 2 * samples + pixels.length + (pixels.length & 1);
  const after = start + 2 + 12 * (entries.length + (profile ? 1 : 0)) + 4;
  if (profile) entries.push([TAG.profile, UNDEFINED, profile.length, after]);
  const head = Buffer.alloc(8 + 2 * samples);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(start, 4);
  for (let i = 0; i < samples; i++) head.writeUInt16LE(bits, 8 + 2 * i);
  const directory = Buffer.alloc(after - start);
  directory.writeUInt16LE(entries.length);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = 2 + 12 * i;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt32LE(value, at + 8);
  }
  return Buffer.concat([head, pixels, Buffer.alloc(pixels.length & 1), directory, profile ?? Buffer.alloc(0)]);
}
