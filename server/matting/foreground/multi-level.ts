import type { AlphaPlane, Raster, Strip } from '../../imaging/picture.ts';
import type { Pace } from '../yield-often.ts';
import { activeTiles, type Bounds, type Cells, type Size } from './cells.ts';
import { COLORS, LevelWindow } from './level.ts';
import { type Painter, STRIP_ROWS } from './painter.ts';

/** Levels up to this many pixels are computed whole; what is above them goes in tiles. */
const WHOLE_PIXELS = 2_000_000;

const TILE = STRIP_ROWS;

/** Sweeps of a level, and of those that are at most `SMALL` pixels a side. */
const SWEEPS = 2;
const SMALL_SWEEPS = 10;
const SMALL = 32;

/** A sweep of two half-sweeps carries a change two pixels far: tiles with this halo join without any seam. */
const HALO = 2 * SWEEPS;

/**
 * Multi-level foreground estimation (Germer, Uelwer, Conrad, Harmeling, 2020): minimises per pixel and channel
 * (a F + (1 - a) B - I)^2 + sum over 4 neighbors of (eps + |a_i - a_j|) ((F_i - F_j)^2 + (B_i - B_j)^2),
 * from a single pixel up to the full size. Memory is bounded: the large levels are computed tile by tile.
 */
export async function multiLevel(picture: Raster, alpha: AlphaPlane, cells: Cells, pace: Pace): Promise<Painter> {
  const levels = listLevels(picture);
  const whole = levels.filter(({ width, height }) => width * height <= WHOLE_PIXELS);
  let base = startWindow(picture, alpha);
  for (const level of whole) {
    const window = new LevelWindow(level, { left: 0, top: 0, right: level.width, bottom: level.height });
    window.sample(picture, alpha);
    window.inherit(base);
    const small = level.width <= SMALL && level.height <= SMALL;
    window.relax(small ? SMALL_SWEEPS : SWEEPS, false);
    base = window;
    await pace.step();
  }
  const large = levels.slice(whole.length);
  return async (strip) => {
    for (const tile of activeTiles(cells, picture, strip, TILE)) {
      let window = base;
      for (const [level, bounds] of windowsOf(tile, large)) {
        const finer = new LevelWindow(level, bounds);
        finer.sample(picture, alpha);
        finer.inherit(window);
        finer.relax(SWEEPS, true);
        window = finer;
      }
      write(window, alpha, tile, cells, strip);
      await pace.step();
    }
  };
}

/** From 1 x 1 to the picture's size, the longer side about doubling. */
function listLevels({ width, height }: Size): Size[] {
  const count = Math.max(1, Math.ceil(Math.log2(Math.max(width, height))));
  return Array.from({ length: count + 1 }, (_, i) => ({
    width: Math.round(width ** (i / count)),
    height: Math.round(height ** (i / count)),
  }));
}

/** One pixel: the mean color of what is surely subject, and of what is surely background. */
function startWindow(picture: Raster, alpha: AlphaPlane): LevelWindow {
  const step = Math.max(1, Math.floor(Math.sqrt((picture.width * picture.height) / WHOLE_PIXELS)));
  const max = picture.data instanceof Uint16Array ? 65535 : 255;
  const solid = alpha.data instanceof Uint16Array ? 65535 : 255;
  // Sure pixels decide; where a picture has none, all of them do by their alpha.
  const UNSURE = 1e-6;
  const sums = new Float64Array(COLORS);
  const weights = [1e-12, 1e-12];
  for (let y = 0; y < picture.height; y += step) {
    for (let x = 0; x < picture.width; x += step) {
      const i = y * picture.width + x;
      const a = alpha.data[i]! / solid;
      const front = a > 0.9 ? 1 : a * UNSURE;
      const back = a < 0.1 ? 1 : (1 - a) * UNSURE;
      weights[0]! += front;
      weights[1]! += back;
      for (let c = 0; c < 3; c++) {
        const value = picture.data[i * picture.channels + c]! / max;
        sums[c]! += front * value;
        sums[3 + c]! += back * value;
      }
    }
  }
  const window = new LevelWindow({ width: 1, height: 1 }, { left: 0, top: 0, right: 1, bottom: 1 });
  for (let k = 0; k < COLORS; k++) window.colors[k] = sums[k]! / weights[k < 3 ? 0 : 1]!;
  return window;
}

/** For each level from coarse to fine, the part that the tile of the finest one depends on. */
function windowsOf(tile: Bounds, levels: readonly Size[]): [Size, Bounds][] {
  const windows: [Size, Bounds][] = [];
  let wanted = tile;
  for (let i = levels.length - 1; i >= 0; i--) {
    const level = levels[i]!;
    const bounds = {
      left: Math.max(0, wanted.left - HALO),
      top: Math.max(0, wanted.top - HALO),
      right: Math.min(level.width, wanted.right + HALO),
      bottom: Math.min(level.height, wanted.bottom + HALO),
    };
    windows.unshift([level, bounds]);
    const coarser = levels[i - 1];
    if (coarser) wanted = parents(bounds, level, coarser);
  }
  return windows;
}

function parents({ left, top, right, bottom }: Bounds, level: Size, coarser: Size): Bounds {
  return {
    left: Math.floor((left * coarser.width) / level.width),
    top: Math.floor((top * coarser.height) / level.height),
    right: Math.floor(((right - 1) * coarser.width) / level.width) + 1,
    bottom: Math.floor(((bottom - 1) * coarser.height) / level.height) + 1,
  };
}

function write(window: LevelWindow, alpha: AlphaPlane, tile: Bounds, { columns, active }: Cells, out: Strip): void {
  const max = out.data instanceof Uint16Array ? 65535 : 255;
  const solid = alpha.data instanceof Uint16Array ? 65535 : 255;
  const { bounds, colors } = window;
  const before = out.top * out.width;
  for (let y = tile.top; y < tile.bottom; y++) {
    for (let x = tile.left; x < tile.right; x++) {
      const pixel = y * out.width + x;
      if (active[(y >> 3) * columns + (x >> 3)] === 0 || alpha.data[pixel] === solid) continue;
      const from = COLORS * ((y - bounds.top) * (bounds.right - bounds.left) + x - bounds.left);
      for (let c = 0; c < 3; c++) out.data[4 * (pixel - before) + c] = colors[from + c]! * max + 0.5;
    }
  }
}
