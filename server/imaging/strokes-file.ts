import sharp from 'sharp';
import { AppError } from '../errors.ts';
import { sniffType } from './formats.ts';

/** What a person painted over a picture, on a grid of any size that is stretched to the picture's; 0..1 each. */
export interface Strokes {
  width: number;
  height: number;
  /** How much of a pixel is painted at all. */
  painted: Float32Array;
  /** How much of it is painted as subject; the rest of what is painted is background. */
  kept: Float32Array;
}

/** Strokes are stretched to the picture, and a brush needs no more than this. */
const MOST_PIXELS = 4096 * 4096;

/**
 * Reads brush strokes: opaque pixels are painted, light ones as subject, dark ones as background.
 * @throws {AppError} BAD_REQUEST, NOT_AN_IMAGE, TRUNCATED_IMAGE
 */
export async function readStrokesFile(bytes: Buffer): Promise<Strokes> {
  if (!sniffType(bytes)) throw new AppError('NOT_AN_IMAGE', 'The strokes are not a picture that can be read.');
  const image = sharp(bytes, { failOn: 'truncated', ignoreIcc: true });
  const { width, height, hasAlpha } = await image.metadata().catch((cause) => {
    throw new AppError('NOT_AN_IMAGE', 'The strokes are not a picture that can be read.', { cause });
  });
  if (!hasAlpha) throw new AppError('BAD_REQUEST', 'The strokes need transparency: what is opaque is painted.');
  if (width * height > MOST_PIXELS)
    throw new AppError('BAD_REQUEST', `The strokes have more than ${MOST_PIXELS} pixels. Send them smaller.`);
  const samples = await image
    .toColorspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer()
    .catch((cause) => {
      throw new AppError('TRUNCATED_IMAGE', 'The strokes are damaged or incomplete.', { cause });
    });
  const painted = new Float32Array(width * height);
  const kept = new Float32Array(width * height);
  for (let i = 0; i < painted.length; i++) {
    const [red, , , opacity] = samples.subarray(4 * i, 4 * i + 4);
    painted[i] = opacity! / 255;
    if (red! > 127) kept[i] = painted[i]!;
  }
  return { width, height, painted, kept };
}
