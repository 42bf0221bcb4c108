import type { AlphaPlane, Rows } from '../../imaging/picture.ts';
import type { Pace } from '../yield-often.ts';

/** One size of the pyramid, in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Side of a cell in pixels. Cells lie on a fixed grid, so that no result depends on how the work was cut into tiles. */
export const CELL = 8;

/** Cells of the picture whose colors have to be estimated; all others keep the picture's own. */
export interface Cells {
  columns: number;
  rows: number;
  /** One flag per cell, row-major. */
  active: Uint8Array;
}

/**
 * Marks the cells in which some pixel will be seen although its color is mixed with the background.
 * @param mixed the matte that mixed the colors in the camera: below its maximum a pixel holds some background
 * @param shown the opacity the result will have; often `mixed` itself
 * @param bleed cells around visible ones that are marked as well, so that a mask can grow later without a halo
 */
export async function findCells(mixed: AlphaPlane, shown: AlphaPlane, bleed: number, pace: Pace): Promise<Cells> {
  const { width, height } = mixed;
  const columns = Math.ceil(width / CELL);
  const rows = Math.ceil(height / CELL);
  const solid = mixed.data instanceof Uint16Array ? 65535 : 255;
  const active = new Uint8Array(columns * rows);
  const visible = new Uint8Array(columns * rows);
  const impure = new Uint8Array(columns * rows);
  const [mix, show] = [mixed.data, shown.data];
  for (let y = 0; y < height; y++) {
    await pace.step();
    const base = (y >> 3) * columns;
    const line = y * width;
    for (let column = 0, i = line; column < columns; column++) {
      const end = line + Math.min((column + 1) * CELL, width);
      let [anyImpure, anyVisible, anyActive] = [0, 0, 0];
      for (; i < end; i++) {
        const pure = mix[i] === solid;
        const hidden = show[i] === 0;
        if (!pure) anyImpure = 1;
        if (!hidden) anyVisible = 1;
        if (!pure && !hidden) anyActive = 1;
      }
      impure[base + column]! |= anyImpure;
      visible[base + column]! |= anyVisible;
      active[base + column]! |= anyActive;
    }
  }
  if (bleed > 0) {
    const near = dilate(visible, columns, rows, bleed);
    for (let i = 0; i < active.length; i++) active[i]! |= near[i]! & impure[i]!;
  }
  return { columns, rows, active };
}

/** The marked cells and those within `reach` of them. */
export function markNear({ columns, rows, active }: Cells, reach: number): Uint8Array {
  return dilate(active, columns, rows, reach);
}

/** Flags within `reach` cells, in both directions. */
function dilate(flags: Uint8Array, columns: number, rows: number, reach: number): Uint8Array {
  const wide = spread(flags, columns, rows, 1, columns, reach);
  return spread(wide, rows, columns, columns, 1, reach);
}

function spread(flags: Uint8Array, length: number, lines: number, step: number, stride: number, reach: number) {
  const out = new Uint8Array(flags.length);
  for (let line = 0; line < lines; line++) {
    const base = line * stride;
    for (let x = 0; x < length; x++) {
      if (flags[base + x * step] === 0) continue;
      const last = Math.min(length - 1, x + reach);
      for (let near = Math.max(0, x - reach); near <= last; near++) out[base + near * step] = 1;
    }
  }
  return out;
}

/** A rectangle of pixels; `right` and `bottom` are the first ones outside. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * The squares of `side` pixels (a multiple of the cell) that hold a marked cell, cut at the picture's borders.
 * @param strip the rows whose squares are wanted; it begins between two squares and ends so, or with the picture
 */
export function* activeTiles({ columns, rows, active }: Cells, size: Size, { top, height: tall }: Rows, side: number) {
  const { width, height } = size;
  const step = side / CELL;
  for (let row = top / CELL; row < Math.min(rows, (top + tall) / CELL); row += step) {
    for (let column = 0; column < columns; column += step) {
      if (!anyActive(row, column)) continue;
      const [left, top] = [column * CELL, row * CELL];
      yield { left, top, right: Math.min(width, left + side), bottom: Math.min(height, top + side) } satisfies Bounds;
    }
  }

  function anyActive(row: number, column: number): boolean {
    const right = Math.min(columns, column + step);
    for (let r = row; r < Math.min(rows, row + step); r++) {
      for (let c = column; c < right; c++) if (active[r * columns + c]) return true;
    }
    return false;
  }
}
