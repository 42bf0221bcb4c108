import type { AlphaPlane } from '../../imaging/picture.ts';
import type { Strokes } from '../../imaging/strokes-file.ts';
import { toPlane16 } from '../edge/plane.ts';
import { tabulatePairs } from '../grid/resample.ts';
import type { Pace } from '../yield-often.ts';

/**
 * Sets alpha to 1 or 0 where strokes were painted, in proportion at their rims.
 * @param alpha of 16 bits; changed in place
 */
export async function paintStrokes(alpha: AlphaPlane, strokes: Strokes, pace: Pace): Promise<void> {
  const { width, height, data } = toPlane16(alpha);
  const across = tabulatePairs(strokes.width, width);
  const down = tabulatePairs(strokes.height, height);
  for (let y = 0, i = 0; y < height; y++) {
    const upper = down.first[y]! * strokes.width;
    const lower = down.second[y]! * strokes.width;
    const t = down.share[y]!;
    for (let x = 0; x < width; x++, i++) {
      const left = across.first[x]!;
      const right = across.second[x]!;
      const s = across.share[x]!;
      const read = (plane: Float32Array) =>
        (plane[upper + left]! * (1 - s) + plane[upper + right]! * s) * (1 - t) +
        (plane[lower + left]! * (1 - s) + plane[lower + right]! * s) * t;
      const painted = read(strokes.painted);
      if (painted > 0) data[i] = data[i]! * (1 - painted) + 65535 * read(strokes.kept) + 0.5;
    }
    await pace.step();
  }
}
