import type { CoarseAlpha } from '../grid/coarse-alpha.ts';
import { findComponents, maskAbove } from './components.ts';

/** Below this, alpha neither joins two bodies nor belongs to one by itself. */
const FAINT = 0.05;
/** Gaps in hair that are bridged, as a share of the longer side. */
const GAP = 0.005;
/** A solid part smaller than this share of the largest part that its soft surroundings hold is a piece of that body. */
const PIECE = 0.1;
const LEVELS = 256;

/** A matte divided among the bodies in it: people side by side, a person and the dog. */
export interface Bodies {
  /** The body of every sample, from 1; clear samples go with the body around them. All 0 where there is no body. */
  labels: Int32Array;
  /** Sum of alpha per body; the first entry counts nothing. */
  masses: Float64Array;
}

/**
 * Divides a matte. What hangs together above one half is one part; parts that hang together through soft hair, gaps of a
 * few samples included, are bodies of their own where they are of similar size, and pieces of the larger one where they
 * are not. From the bodies everything else is flooded in the order of falling alpha, so that the border between two of
 * them runs along the faintest line between. Linear time; the same answer for the same matte.
 */
export function findBodies(alpha: CoarseAlpha): Bodies {
  const labels = seed(alpha);
  flood(alpha, labels);
  const masses = new Float64Array(labels.reduce((most, label) => Math.max(most, label), 0) + 1);
  for (let i = 0; i < labels.length; i++) if (labels[i]) masses[labels[i]!]! += alpha.data[i]!;
  return { labels, masses };
}

/** Labels of what surely is one body or another; 0 elsewhere. */
function seed({ width, height, data }: CoarseAlpha): Int32Array {
  const faint = maskAbove(data, FAINT);
  const groups = findComponents(grow(faint, width, Math.ceil(GAP * Math.max(width, height))), width);
  const parts = findComponents(maskAbove(data, 0.5), width);
  const groupOf = new Int32Array(parts.sizes.length);
  for (let i = 0; i < data.length; i++) if (parts.labels[i]) groupOf[parts.labels[i]!] = groups.labels[i]!;
  const largest = new Int32Array(groups.sizes.length);
  for (let part = 1; part < groupOf.length; part++) {
    largest[groupOf[part]!] = Math.max(largest[groupOf[part]!]!, parts.sizes[part]!);
  }
  let bodies = 0;
  const bodyOfPart = parts.sizes.map((size, part) => (part && size >= PIECE * largest[groupOf[part]!]! ? ++bodies : 0));
  // Something soft all over, a veil in the wind, is a body too.
  const bodyOfGroup = groups.sizes.map((_, group) => (group && !largest[group] ? ++bodies : 0));
  return parts.labels.map((part, i) => (part ? bodyOfPart[part]! : faint[i] ? bodyOfGroup[groups.labels[i]!]! : 0));
}

/** The mask and all samples within `radius` along both axes. */
function grow(mask: Uint8Array, width: number, radius: number): Uint8Array {
  const height = mask.length / width;
  const rows = growLines(mask, width, height, 1, width, radius);
  return growLines(rows, height, width, width, 1, radius);
}

/** Along `lines` lines of `length` samples `step` apart, which begin `stride` apart. */
function growLines(mask: Uint8Array, length: number, lines: number, step: number, stride: number, radius: number) {
  const out = new Uint8Array(mask.length);
  for (let line = 0; line < lines; line++) {
    let until = -1;
    for (let i = -radius; i < length; i++) {
      const ahead = i + radius;
      if (ahead < length && mask[line * stride + ahead * step]) until = ahead + radius;
      if (i >= 0 && i <= until) out[line * stride + i * step] = 1;
    }
  }
  return out;
}

/** Labels every sample, in place, from the labeled ones on; always goes on at the highest alpha reached. */
function flood({ width, data }: CoarseAlpha, labels: Int32Array): void {
  // One queue per level of alpha, all of them threaded through one array.
  const next = new Int32Array(data.length).fill(-1);
  const first = new Int32Array(LEVELS).fill(-1);
  const last = new Int32Array(LEVELS).fill(-1);
  const append = (at: number, level: number) => {
    if (first[level] === -1) first[level] = at;
    else next[last[level]!] = at;
    last[level] = at;
  };
  const visit = (to: number, from: number, level: number) => {
    if (labels[to]) return;
    labels[to] = labels[from]!;
    append(to, Math.min(level, Math.floor(data[to]! * (LEVELS - 1))));
  };
  for (let at = 0; at < data.length; at++) if (labels[at]) append(at, LEVELS - 1);
  for (let level = LEVELS - 1; level >= 0; level--) {
    for (let at = first[level]!; at !== -1; at = next[at]!) {
      const x = at % width;
      if (x > 0) visit(at - 1, at, level);
      if (x < width - 1) visit(at + 1, at, level);
      if (at >= width) visit(at - width, at, level);
      if (at < data.length - width) visit(at + width, at, level);
    }
  }
}

/** The body with the most of the matte; 0 where there is none. */
export function findLargest({ masses }: Bodies): number {
  let largest = 0;
  for (let body = 1; body < masses.length; body++) if (masses[body]! > masses[largest]!) largest = body;
  return largest;
}

/** The body at a point of the grid, or else the one whose visible part is nearest to it; 0 where there is none. */
export function findNearest({ labels }: Bodies, { width, data }: CoarseAlpha, x: number, y: number): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < data.length; at++) {
    if (!(data[at]! > FAINT)) continue;
    const across = (at % width) - x;
    const down = Math.floor(at / width) - y;
    const distance = across * across + down * down;
    if (distance < least) [least, nearest] = [distance, labels[at]!];
  }
  return nearest;
}
