import type { Marquee } from '../host/host.ts';
import { type Alpha, type Bounds, heightOf, intersect, type Pixels, widthOf } from '../picture.ts';
import type { MaskPolicy } from '../settings/settings.ts';

/**
 * The mask that was there and the new one, which is changed in place. The smaller or larger value of the two and not
 * their product, so that doing the same again changes nothing.
 */
export function combineMasks(policy: MaskPolicy, before: Alpha, matte: Alpha): Alpha {
  if (policy === 'replace' || policy === 'ask') return matte;
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
