import type { ForegroundMethod } from '../../../protocol/matte.ts';
import type { AlphaPlane, Raster, Strip } from '../../imaging/picture.ts';
import type { Pace } from '../yield-often.ts';
import { CELL, type Cells, markNear } from './cells.ts';
import { METHODS } from './methods.ts';
import type { Painter } from './painter.ts';

/** Cells around those asked for that are estimated with them: the next turn of a slider often wants them. */
const AHEAD = 4;

/**
 * Estimated colors of a small picture, kept so that the next turn of a slider, which changes only what shows of them,
 * need not estimate them again.
 */
export class ColorMemory {
  readonly method: ForegroundMethod;
  readonly #picture: Raster;
  readonly #alpha: AlphaPlane;
  /** The picture's samples and room for alpha, estimated in the cells that are known. */
  readonly #colors: Strip;
  readonly #known: Uint8Array;

  constructor(picture: Raster, alpha: AlphaPlane, method: ForegroundMethod) {
    const { width, height, data } = picture;
    const samples = width * height * 4;
    this.#colors = {
      top: 0,
      width,
      height,
      channels: 4,
      data: data instanceof Uint16Array ? new Uint16Array(samples) : new Uint8Array(samples),
    };
    this.#known = new Uint8Array(Math.ceil(width / CELL) * Math.ceil(height / CELL));
    this.#picture = picture;
    this.#alpha = alpha;
    this.method = method;
  }

  get bytes(): number {
    return this.#colors.data.byteLength + this.#known.byteLength;
  }

  /** Gives the same colors as estimating those cells alone: no method's result depends on what else is asked for. */
  async findPainter(cells: Cells, pace: Pace): Promise<Painter> {
    if (cells.active.some((flag, i) => flag === 1 && this.#known[i] === 0)) {
      const near = markNear(cells, AHEAD);
      const active = near.map((flag, i) => (this.#known[i] === 1 ? 0 : flag));
      const paint = await METHODS[this.method](this.#picture, this.#alpha, { ...cells, active }, pace);
      await paint(this.#colors);
      for (let i = 0; i < active.length; i++) this.#known[i]! |= active[i]!;
    }
    return async (strip) => this.#copy(cells, strip);
  }

  #copy({ columns, active }: Cells, { top, width, height, data: out }: Strip): void {
    const { data } = this.#colors;
    const alpha = this.#alpha.data;
    const solid = alpha instanceof Uint16Array ? 65535 : 255;
    for (let y = 0, t = 0; y < height; y++) {
      const base = (top + y) * width;
      const row = Math.floor((top + y) / CELL) * columns;
      for (let x = 0; x < width; x++, t += 4) {
        if (active[row + (x >> 3)] === 0 || alpha[base + x] === solid) continue;
        const from = 4 * (base + x);
        out[t] = data[from]!;
        out[t + 1] = data[from + 1]!;
        out[t + 2] = data[from + 2]!;
      }
    }
  }
}
