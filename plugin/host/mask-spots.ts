import type { Alpha, Bounds } from '../picture.ts';

/** A small square of the mask and what it should look like. */
export interface Spot {
  bounds: Bounds;
  kind: 'hidden' | 'mixed' | 'shown';
}

const SIDE = 8;
/** Squares looked at along each axis, and kept of each kind. */
const GRID = 48;
const KEPT = 3;

/**
 * Squares to read back after the mask is written: some all zero (a reported Photoshop fault turns such blocks white),
 * some full, and some in between (where a wrong grey profile shows). Spread out, because the fault comes in blocks.
 */
export function pickSpots(mask: Alpha): Spot[] {
  const found: Record<Spot['kind'], Spot[]> = { hidden: [], mixed: [], shown: [] };
  const stepX = Math.max(SIDE, Math.floor(mask.width / GRID));
  const stepY = Math.max(SIDE, Math.floor(mask.height / GRID));
  for (let top = 0; top < mask.height; top += stepY) {
    for (let left = 0; left < mask.width; left += stepX) {
      const right = Math.min(mask.width, left + SIDE);
      const bottom = Math.min(mask.height, top + SIDE);
      const spot = classify(mask, { left, top, right, bottom });
      found[spot.kind].push(spot);
    }
  }
  return [...spread(found.hidden), ...spread(found.mixed), ...spread(found.shown)];
}

function classify(mask: Alpha, bounds: Bounds): Spot {
  const full = mask.depth === 8 ? 255 : 65535;
  let lowest = full;
  let highest = 0;
  for (let y = bounds.top; y < bounds.bottom; y++) {
    for (let x = bounds.left; x < bounds.right; x++) {
      const value = mask.data[y * mask.width + x]!;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
  }
  return { bounds, kind: highest === 0 ? 'hidden' : lowest === full ? 'shown' : 'mixed' };
}

function spread(spots: readonly Spot[]): Spot[] {
  if (spots.length <= KEPT) return [...spots];
  return Array.from({ length: KEPT }, (_, index) => spots[Math.round((index * (spots.length - 1)) / (KEPT - 1))]!);
}
