import type { Picture, Strip } from './picture.ts';

/**
 * Pixels decoded at a time. Rows of a compressed picture are reached by decoding everything above them, so that n strips
 * cost (n + 1) / 2 decodings: 2.5 at most within the largest picture accepted.
 */
const STRIP_PIXELS = 32_000_000;

/** The picture from top to bottom in strips that follow each other without a gap; one at a time lies in memory. */
export async function* readStrips(picture: Picture, depth: 8 | 16, pixels = STRIP_PIXELS): AsyncGenerator<Strip> {
  const { width, height } = picture;
  const count = picture.atOnce ? 1 : Math.min(height, Math.ceil((width * height) / pixels));
  if (count === 1) return yield { ...(await picture.readRaster(depth)), top: 0 };
  for (let i = 0; i < count; i++) {
    const top = Math.floor((i * height) / count);
    const rows = { top, height: Math.floor(((i + 1) * height) / count) - top };
    yield { ...(await picture.readRaster(depth, rows)), top };
  }
}
