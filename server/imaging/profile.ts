import sharp from 'sharp';
import { spaceOf } from './icc.ts';

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

/** Longer ones are no profiles of RGB. */
const MAX_PROFILE = 8 * 1024 * 1024;

/** Whether results can be in the colors of a profile: RGB, other than sRGB, and as long as it says. */
export function isOwnRgb(icc: Buffer): boolean {
  const isWhole = icc.length >= 132 && icc.length <= MAX_PROFILE && icc.readUInt32BE(0) <= icc.length;
  return isWhole && spaceOf(icc) === 'RGB ' && !namesSrgb(icc);
}
