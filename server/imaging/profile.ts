import sharp from 'sharp';

let profile: Promise<Buffer> | undefined;

/** The ICC profile of sRGB that the image library brings along. */
export function readSrgbProfile(): Promise<Buffer> {
  profile ??= extractProfile();
  return profile;
}

async function extractProfile(): Promise<Buffer> {
  const pixel = sharp({ create: { width: 1, height: 1, channels: 3, background: 'black' } });
  const { icc } = await sharp(await pixel.withIccProfile('srgb').png().toBuffer()).metadata();
  if (!icc) throw new Error('The image library has no sRGB profile.');
  return icc;
}

/** Whether a profile names itself sRGB (and not a linear variant), in either encoding of its description. */
export function namesSrgb(icc: Buffer): boolean {
  const text = icc.toString('latin1').replaceAll('\0', '');
  return text.includes('sRGB') && !/linear/i.test(text);
}

/** Tag InterColorProfile and field type UNDEFINED (ICC.1 annex B.4, TIFF 6.0 section 2). */
const ICC_TAG = 34675;
const UNDEFINED = 7;

/**
 * Marks the samples of a little-endian one-page TIFF, as the library writes it, as sRGB. The library embeds a profile
 * only together with a conversion, which changes 16-bit samples.
 */
export async function tagTiff(tiff: Buffer): Promise<Buffer> {
  const icc = await readSrgbProfile();
  if (tiff.toString('latin1', 0, 4) !== 'II*\0') throw new Error('The image library wrote another kind of TIFF.');
  const directory = tiff.readUInt32LE(4);
  const count = tiff.readUInt16LE(directory);
  const entries = Array.from({ length: count }, (_, i) =>
    tiff.subarray(directory + 2 + 12 * i, directory + 14 + 12 * i),
  );
  // Offsets are even. The new directory and the profile go to the end; the old directory stays as dead bytes.
  const at = tiff.length + (tiff.length % 2);
  const length = 2 + 12 * (count + 1) + 4;
  const entry = Buffer.alloc(12);
  entry.writeUInt16LE(ICC_TAG, 0);
  entry.writeUInt16LE(UNDEFINED, 2);
  entry.writeUInt32LE(icc.length, 4);
  entry.writeUInt32LE(at + length, 8);
  const number = Buffer.alloc(2);
  number.writeUInt16LE(count + 1);
  const sorted = [...entries, entry].sort((a, b) => a.readUInt16LE() - b.readUInt16LE());
  const out = Buffer.concat([tiff, Buffer.alloc(at - tiff.length), number, ...sorted, Buffer.alloc(4), icc]);
  out.writeUInt32LE(at, 4);
  return out;
}
