import type { Pace } from '../yield-often.ts';
import type { Plane16 } from './plane.ts';

/** Fainter samples do not join two islands, and go with the island they surround. */
const FAINT = Math.round(0.05 * 65535);

/** Pixels around an island in which its faint rim is looked for. */
const RIM = 4;

/**
 * Removes patches of subject of fewer than `area` pixels. A patch is what hangs together, corners included, above 5 %.
 * In place.
 */
export function removeSpecks(plane: Plane16, area: number, pace: Pace): Promise<void> {
  return flatten(plane, area, { flip: 0, corners: 1, spareBorder: false }, pace);
}

/**
 * Closes gaps of fewer than `area` pixels in the subject. A gap is what hangs together by sides below 95 %, and is
 * enclosed: what reaches the border of the picture is left open. In place.
 */
export function fillHoles(plane: Plane16, area: number, pace: Pace): Promise<void> {
  return flatten(plane, area, { flip: 65535, corners: 0, spareBorder: true }, pace);
}

interface Kind {
  /** 65535 looks at the complement: the background's islands are the subject's holes. */
  flip: number;
  corners: 0 | 1;
  spareBorder: boolean;
}

async function flatten(plane: Plane16, area: number, kind: Kind, pace: Pace): Promise<void> {
  const runs = new Runs();
  const { width, height, data } = plane;
  for (let y = 0, above = 0, start = 0; y < height; y++) {
    runs.scan(data, y, width, kind.flip);
    runs.join(above, start, kind.corners);
    above = start;
    start = runs.count;
    if ((y & 63) === 0) await pace.step();
  }
  runs.sum(kind.spareBorder, width, height);
  for (let run = 0; run < runs.count; run++) if (runs.areaOf(run) < area) erase(plane, runs, run, kind.flip);
}

function erase({ width, height, data }: Plane16, runs: Runs, run: number, flip: number): void {
  const y = runs.row[run]!;
  data.fill(flip, y * width + runs.from[run]!, y * width + runs.to[run]!);
  const left = Math.max(0, runs.from[run]! - RIM);
  const right = Math.min(width, runs.to[run]! + RIM);
  for (let r = Math.max(0, y - RIM); r <= Math.min(height - 1, y + RIM); r++) {
    for (let i = r * width + left; i < r * width + right; i++) if ((data[i]! ^ flip) < FAINT) data[i] = flip;
  }
}

/** Horizontal runs of one picture, joined to islands by union-find: memory grows with the edges, not with the area. */
class Runs {
  count = 0;
  row = new Int32Array(1024);
  from = new Int32Array(1024);
  /** First column beyond. */
  to = new Int32Array(1024);
  #parent = new Int32Array(1024);
  #areas = new Float64Array(0);

  scan(data: Uint16Array, y: number, width: number, flip: number): void {
    const base = y * width;
    for (let x = 0; x < width; x++) {
      if ((data[base + x]! ^ flip) < FAINT) continue;
      const from = x;
      while (x < width && (data[base + x]! ^ flip) >= FAINT) x++;
      this.#add(y, from, x);
    }
  }

  /** Joins the runs from `start` on with those of the row above, which begin at `above`. */
  join(above: number, start: number, corners: 0 | 1): void {
    for (let up = above, run = start; up < start && run < this.count; ) {
      if (this.from[up]! < this.to[run]! + corners && this.from[run]! < this.to[up]! + corners) this.#unite(up, run);
      if (this.to[up]! < this.to[run]!) up++;
      else run++;
    }
  }

  sum(spareBorder: boolean, width: number, height: number): void {
    this.#areas = new Float64Array(this.count);
    for (let run = 0; run < this.count; run++) {
      const [from, to, y] = [this.from[run]!, this.to[run]!, this.row[run]!];
      const open = spareBorder && (from === 0 || to === width || y === 0 || y === height - 1);
      this.#areas[this.#find(run)]! += open ? Number.POSITIVE_INFINITY : to - from;
    }
  }

  /** Pixels of the island that the run belongs to. */
  areaOf(run: number): number {
    return this.#areas[this.#find(run)]!;
  }

  #add(y: number, from: number, to: number): void {
    if (this.count === this.row.length) {
      this.row = twice(this.row);
      this.from = twice(this.from);
      this.to = twice(this.to);
      this.#parent = twice(this.#parent);
    }
    this.row[this.count] = y;
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.#parent[this.count] = this.count++;
  }

  #find(run: number): number {
    const parent = this.#parent;
    let at = run;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  }

  #unite(one: number, two: number): void {
    const [a, b] = [this.#find(one), this.#find(two)];
    if (a !== b) this.#parent[Math.max(a, b)] = Math.min(a, b);
  }
}

function twice(values: Int32Array): Int32Array<ArrayBuffer> {
  const out = new Int32Array(values.length * 2);
  out.set(values);
  return out;
}
