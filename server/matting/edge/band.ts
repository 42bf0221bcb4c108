import type { Plane16 } from './plane.ts';

/** Side of the blocks that are judged together. */
export const BLOCK = 16;

const CLEAR = 0;
const SOLID = 1;
const SOFT = 2;

/** Blocks that lie near an edge; in all others every neighborhood holds a single value, so that they need no work. */
export class Band {
  readonly columns: number;
  readonly rows: number;
  readonly #active: Uint8Array;

  /** @param reach pixels that an operation looks far, in both directions */
  constructor({ width, height, data }: Plane16, reach: number) {
    this.columns = Math.ceil(width / BLOCK);
    this.rows = Math.ceil(height / BLOCK);
    const kinds = new Uint8Array(this.columns * this.rows);
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        kinds[row * this.columns + column] = judge(data, width, height, column, row);
      }
    }
    const edges = this.#findEdges(kinds);
    const far = Math.ceil(reach / BLOCK);
    this.#active = spread(
      spread(edges, this.columns, this.rows, 1, this.columns, far),
      this.rows,
      this.columns,
      this.columns,
      1,
      far,
    );
  }

  /** Runs of marked blocks in a row of blocks, as pairs of first and first beyond. */
  runsOfRow(row: number): [number, number][] {
    return runs(this.#active, row * this.columns, 1, this.columns);
  }

  runsOfColumn(column: number): [number, number][] {
    return runs(this.#active, column, this.columns, this.rows);
  }

  /** Soft blocks, and flat ones that touch another kind. */
  #findEdges(kinds: Uint8Array): Uint8Array {
    const edges = new Uint8Array(kinds.length);
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        const i = row * this.columns + column;
        const kind = kinds[i]!;
        let edge = kind === SOFT;
        for (let r = Math.max(0, row - 1); r <= Math.min(this.rows - 1, row + 1); r++) {
          for (let c = Math.max(0, column - 1); c <= Math.min(this.columns - 1, column + 1); c++) {
            edge ||= kinds[r * this.columns + c] !== kind;
          }
        }
        if (edge) edges[i] = 1;
      }
    }
    return edges;
  }
}

function judge(data: Uint16Array, width: number, height: number, column: number, row: number): number {
  const right = Math.min(width, (column + 1) * BLOCK);
  const bottom = Math.min(height, (row + 1) * BLOCK);
  const value = data[row * BLOCK * width + column * BLOCK]!;
  if (value !== 0 && value !== 65535) return SOFT;
  for (let y = row * BLOCK; y < bottom; y++) {
    for (let i = y * width + column * BLOCK; i < y * width + right; i++) if (data[i] !== value) return SOFT;
  }
  return value === 0 ? CLEAR : SOLID;
}

function spread(flags: Uint8Array, length: number, lines: number, step: number, stride: number, reach: number) {
  const out = new Uint8Array(flags.length);
  for (let line = 0; line < lines; line++) {
    for (let x = 0; x < length; x++) {
      if (flags[line * stride + x * step] === 0) continue;
      const last = Math.min(length - 1, x + reach);
      for (let near = Math.max(0, x - reach); near <= last; near++) out[line * stride + near * step] = 1;
    }
  }
  return out;
}

function runs(flags: Uint8Array, start: number, step: number, length: number): [number, number][] {
  const found: [number, number][] = [];
  for (let x = 0; x < length; x++) {
    if (flags[start + x * step] === 0) continue;
    const from = x;
    while (x < length && flags[start + x * step] !== 0) x++;
    found.push([from, x]);
  }
  return found;
}
