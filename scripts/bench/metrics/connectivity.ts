import { OPAQUE, type Plane } from './plane.ts';
import { type Trimap, UNKNOWN } from './trimap.ts';

/** Thresholds 0.1, 0.2 … 1.0. */
const STEPS = 10;
/** phi ignores distances below this. */
export const CONNECTIVITY_TOLERANCE = 0.15;
export const CONNECTIVITY_DIVISOR = 1000;

/**
 * Conn: at every threshold t take the largest 4-connected component of {prediction >= t and truth >= t}. l of a pixel is
 * the last t before it first falls out of that component, 0 when it never was inside. With
 * phi(x) = 1 - (x - l) [x - l >= 0.15] the error is |phi(prediction) - phi(truth)|, summed over the picture or the band.
 */
export function measureConnectivity(prediction: Plane, truth: Plane, band?: Trimap): number {
  const runs = findRuns(prediction, truth);
  const levels = findLevels(runs);
  let sum = 0;
  let at = 0;
  for (let run = 0; run < runs.count; run++) {
    add(at, runs.start[run]!, 0);
    add(runs.start[run]!, runs.end[run]!, levels[run]!);
    at = runs.end[run]!;
  }
  add(at, truth.data.length, 0);
  return sum / (STEPS * OPAQUE) / CONNECTIVITY_DIVISOR;

  /** In units of 0.1 / 65535, in which thresholds and samples are both whole. */
  function add(from: number, to: number, level: number): void {
    const base = level * OPAQUE;
    const least = STEPS * OPAQUE * CONNECTIVITY_TOLERANCE;
    for (let i = from; i < to; i++) {
      const p = prediction.data[i]!;
      const a = truth.data[i]!;
      if (p === a || (band && band[i] !== UNKNOWN)) continue;
      const above = STEPS * p - base;
      const wanted = STEPS * a - base;
      sum += Math.abs((above >= least ? above : 0) - (wanted >= least ? wanted : 0));
    }
  }
}

/** Stretches of a row with the same level above 0, in raster order. Level n: thresholds up to n / 10 are met. */
interface Runs {
  width: number;
  height: number;
  count: number;
  start: Uint32Array;
  end: Uint32Array;
  level: Uint8Array;
  /** Index of each row's first run, and `count` after the last. */
  rows: Uint32Array;
}

/** A matte has far fewer runs than pixels, which makes everything after this cheap. */
function findRuns({ width, height, data }: Plane, truth: Plane): Runs {
  let [start, end, level] = [new Uint32Array(4096), new Uint32Array(4096), new Uint8Array(4096)];
  const rows = new Uint32Array(height + 1);
  let count = 0;
  for (let y = 0; y < height; y++) {
    rows[y] = count;
    const last = (y + 1) * width;
    for (let i = y * width; i < last; ) {
      const here = Math.floor((both(i) * STEPS) / OPAQUE);
      const least = (here * OPAQUE) / STEPS;
      const next = ((here + 1) * OPAQUE) / STEPS;
      const from = i++;
      for (; i < last; i++) {
        const value = both(i);
        if (value < least || value >= next) break;
      }
      if (here === 0) continue;
      if (count === start.length) {
        start = double(start, new Uint32Array(2 * count));
        end = double(end, new Uint32Array(2 * count));
        level = double(level, new Uint8Array(2 * count));
      }
      start[count] = from;
      end[count] = i;
      level[count] = here;
      count++;
    }
  }
  rows[height] = count;
  return { width, height, count, start, end, level, rows };

  function both(i: number): number {
    return Math.min(data[i]!, truth.data[i]!);
  }
}

function double<T extends Uint8Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

/**
 * l of every run, in tenths. From the highest threshold down runs only join: one union-find serves all thresholds, and
 * what a lower threshold says about a run overrides what a higher one said.
 */
function findLevels({ width, height, count, start, end, level, rows }: Runs): Uint8Array {
  const parent = Uint32Array.from({ length: count }, (_, run) => run);
  const size = new Float64Array(count);
  const result = level.slice(0, count);
  for (let threshold = STEPS; threshold >= 1; threshold--) {
    for (let y = 0; y < height; y++) join(y, threshold);
    let largest = -1;
    for (let run = 0; run < count; run++) {
      // The root is the first run of its component, so that the first of two equal components wins.
      if (level[run]! >= threshold && parent[run] === run && (largest < 0 || size[run]! > size[largest]!))
        largest = run;
    }
    for (let run = 0; run < count; run++) {
      if (level[run]! >= threshold && find(run) !== largest) result[run] = threshold - 1;
    }
  }
  return result;

  /** Adds the runs of exactly this level in row `y` and connects them to all neighbors of at least this level. */
  function join(y: number, threshold: number): void {
    let [above, below] = [y > 0 ? rows[y - 1]! : 0, rows[y + 1]!];
    const [aboveEnd, belowEnd] = [rows[y]!, y + 1 < height ? rows[y + 2]! : below];
    for (let run = rows[y]!; run < rows[y + 1]!; run++) {
      if (level[run] !== threshold) continue;
      size[find(run)]! += end[run]! - start[run]!;
      if (run > rows[y]! && end[run - 1] === start[run] && level[run - 1]! >= threshold) unite(run - 1, run);
      if (run + 1 < rows[y + 1]! && start[run + 1] === end[run] && level[run + 1]! >= threshold) unite(run, run + 1);
      if (y > 0) {
        while (above < aboveEnd && end[above]! + width <= start[run]!) above++;
        for (let other = above; other < aboveEnd && start[other]! + width < end[run]!; other++)
          if (level[other]! >= threshold) unite(other, run);
      }
      while (below < belowEnd && end[below]! - width <= start[run]!) below++;
      for (let other = below; other < belowEnd && start[other]! - width < end[run]!; other++)
        if (level[other]! >= threshold) unite(run, other);
    }
  }

  function find(run: number): number {
    let at = run;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  }

  function unite(one: number, other: number): void {
    const [a, b] = [find(one), find(other)];
    if (a === b) return;
    const [root, child] = a < b ? [a, b] : [b, a];
    parent[child] = root;
    size[root]! += size[child]!;
  }
}
