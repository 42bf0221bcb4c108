import { TAG } from './directory.ts';

/** Interleaved samples that are decoded, as a file of them would describe them. */
export interface Layout {
  width: number;
  height: number;
  /** TIFF's PhotometricInterpretation: 1 for gray, 2 for RGB, 5 for CMYK. */
  photometric: 1 | 2 | 5;
  /** Samples of a pixel; one more than colors means straight transparency. */
  samples: number;
  profile?: Buffer | undefined;
  /** As in Exif, 1 to 8. */
  orientation?: number | undefined;
}

export interface Wrapped extends Layout {
  data: Uint8Array | Uint16Array;
}

const COLORS = { 1: 1, 2: 3, 5: 4 } as const;
const SHORT = 3;
const LONG = 4;
const UNDEFINED = 7;

/** An unpacked TIFF, which hands decoded pixels with their profile to the image library. Little-endian, as are the samples. */
export function wrapTiff({ data, ...layout }: Wrapped): Buffer {
  const { file, pixels } = allocateTiff(layout, 8 * data.BYTES_PER_ELEMENT);
  pixels.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return file;
}

/** Such a TIFF whose pixels are still to be filled in, so that they need not be copied. */
export function allocateTiff({ width, height, photometric, samples, profile, orientation = 1 }: Layout, bits: number) {
  const bytes = (width * height * samples * bits) / 8;
  const hasAlpha = samples > COLORS[photometric];
  const pixelsAt = 8 + 2 * samples;
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [TAG.width, LONG, 1, width],
    [TAG.height, LONG, 1, height],
    // More than two values do not fit into the entry; they stand before the pixels.
    [TAG.bitsPerSample, SHORT, samples, samples > 2 ? 8 : bits * 0x10001],
    [TAG.compression, SHORT, 1, 1],
    [TAG.photometric, SHORT, 1, photometric],
    [TAG.stripOffsets, LONG, 1, pixelsAt],
    [TAG.orientation, SHORT, 1, orientation],
    [TAG.samplesPerPixel, SHORT, 1, samples],
    [TAG.rowsPerStrip, LONG, 1, height],
    [TAG.stripByteCounts, LONG, 1, bytes],
    ...(hasAlpha ? [[TAG.extraSamples, SHORT, 1, 2] as [number, number, number, number]] : []),
  ];
  const start = pixelsAt + bytes + (bytes & 1);
  const after = start + 2 + 12 * (entries.length + (profile ? 1 : 0)) + 4;
  if (profile) entries.push([TAG.profile, UNDEFINED, profile.length, after]);
  const file = Buffer.alloc(after + (profile?.length ?? 0));
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(start, 4);
  for (let i = 0; i < samples; i++) file.writeUInt16LE(bits, 8 + 2 * i);
  file.writeUInt16LE(entries.length, start);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = start + 2 + 12 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  if (profile) file.set(profile, after);
  return { file, pixels: file.subarray(pixelsAt, pixelsAt + bytes) };
}
