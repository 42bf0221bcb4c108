import type { Marquee } from '../host/host.ts';
import { type Alpha, type Bounds, heightOf, intersect, type Pixels, widthOf } from '../picture.ts';
import type { MaskPolicy } from '../settings/settings.ts';
import type { Taken } from './run.ts';

/** What a matte was made of: its place on the canvas, and the user's selection in it. */
type Cover = Pick<Taken, 'left' | 'top' | 'width' | 'height' | 'marquee'>;

/**
 * The mask that was there and the new one, which is changed in place. The smaller or larger value of the two and not
 * their product, so that doing the same again changes nothing. `refine`: the old one where the matte does not reach.
 */
export function combineMasks(policy: MaskPolicy, before: Alpha, matte: Alpha, cover: Cover): Alpha {
  if (policy === 'replace' || policy === 'ask') return matte;
  if (policy === 'refine') return keepOutside(before, matte, cover);
  const { data } = matte;
  const full = matte.depth === 8 ? 255 : 65535;
  const scale = full / (before.depth === 8 ? 255 : 65535);
  for (let index = 0; index < data.length; index++) {
    const old = Math.round(before.data[index]! * scale);
    const value = data[index]!;
    if (policy === 'intersect') data[index] = Math.min(old, value);
    else if (policy === 'add') data[index] = Math.max(old, value);
    else data[index] = Math.min(old, full - value);
  }
  return matte;
}

/** The matte is black outside of its picture, and multiplied by the selection. */
function keepOutside(before: Alpha, matte: Alpha, { left, top, width, height, marquee }: Cover): Alpha {
  const { data, depth } = matte;
  // The usual photograph fills its canvas.
  if (marquee === null && width === matte.width && height === matte.height) return matte;
  const scale = depth === before.depth ? 1 : depth === 8 ? 1 / 257 : 257;
  const share: Alpha = { width, height, depth: 8, data: new Uint8Array(width * height).fill(255) };
  limitToMarquee(share, left, top, marquee);
  for (let y = 0, index = 0; y < matte.height; y++) {
    const row = y >= top && y < top + height ? (y - top) * width - left : null;
    for (let x = 0; x < matte.width; x++, index++) {
      const covered = row !== null && x >= left && x < left + width ? share.data[row + x]! : 0;
      if (covered < 255) data[index] = Math.round(data[index]! + (before.data[index]! * scale * (255 - covered)) / 255);
    }
  }
  return matte;
}

/** Multiplies opacity at `left`, `top` of the document by the user's selection, in place. */
export function limitToMarquee(alpha: Alpha, left: number, top: number, marquee: Marquee | null): Alpha {
  if (marquee === null) return alpha;
  const area: Bounds = { left, top, right: left + alpha.width, bottom: top + alpha.height };
  const both = intersect(area, marquee.bounds);
  const { data } = alpha;
  const chosen = marquee.alpha;
  const columns = Math.max(0, widthOf(both));
  const rows = Math.max(0, heightOf(both));
  for (let row = 0; row < alpha.height; row++) {
    const start = row * alpha.width;
    const inside = row - (both.top - top);
    if (columns === 0 || inside < 0 || inside >= rows) {
      data.fill(0, start, start + alpha.width);
      continue;
    }
    const first = start + both.left - left;
    data.fill(0, start, first);
    data.fill(0, first + columns, start + alpha.width);
    let from = (both.top + inside - marquee.bounds.top) * chosen.width + both.left - marquee.bounds.left;
    for (let index = first; index < first + columns; index++, from++) {
      const share = chosen.data[from]!;
      if (share < 255) data[index] = Math.round((data[index]! * share) / 255);
    }
  }
  return alpha;
}

/** A copy of the alpha of RGBA pixels. */
export function opacityOf({ width, height, depth, data }: Pixels): Alpha {
  const opacity = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  for (let index = 0; index < opacity.length; index++) opacity[index] = data[index * 4 + 3]!;
  return { width, height, depth, data: opacity };
}

export function setOpacity({ data }: Pixels, alpha: Alpha): void {
  for (let index = 0; index < alpha.data.length; index++) data[index * 4 + 3] = alpha.data[index]!;
}
