/** Longer side of the picture of strokes that the server gets, which stretches it to the picture's size. */
const LONGEST = 2048;

export type Brush = 'keep' | 'remove';

/** Pixels of the picture. */
export interface Dot {
  x: number;
  y: number;
}

interface Stroke {
  brush: Brush;
  radius: number;
  dots: Dot[];
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** What was painted over one picture, stroke by stroke. */
export class Strokes {
  readonly #strokes: Stroke[] = [];

  get count(): number {
    return this.#strokes.length;
  }

  begin(brush: Brush, radius: number, dot: Dot): void {
    this.#strokes.push({ brush, radius, dots: [dot] });
  }

  /** Leads the last stroke on. */
  extend(dot: Dot): void {
    this.#strokes.at(-1)?.dots.push(dot);
  }

  undo(): void {
    this.#strokes.pop();
  }

  clear(): void {
    this.#strokes.length = 0;
  }

  /**
   * Later strokes cover earlier ones.
   * @param scale of the canvas over the picture
   * @param from index of the first stroke to draw
   */
  draw(context: Context, scale: number, colors: Readonly<Record<Brush, string>>, from = 0): void {
    context.lineCap = context.lineJoin = 'round';
    for (const { brush, radius, dots } of this.#strokes.slice(from)) {
      const [first, ...rest] = dots;
      context.fillStyle = context.strokeStyle = colors[brush];
      context.lineWidth = 2 * radius * scale;
      context.beginPath();
      if (rest.length === 0) {
        context.arc(first!.x * scale, first!.y * scale, radius * scale, 0, 2 * Math.PI);
        context.fill();
        continue;
      }
      context.moveTo(first!.x * scale, first!.y * scale);
      for (const { x, y } of rest) context.lineTo(x * scale, y * scale);
      context.stroke();
    }
  }

  /** White keeps, black removes, nothing is painted elsewhere; PNG. */
  async toBlob(size: { width: number; height: number }): Promise<Blob> {
    const scale = scaleOf(size);
    const canvas = new OffscreenCanvas(Math.ceil(size.width * scale), Math.ceil(size.height * scale));
    this.draw(canvas.getContext('2d')!, scale, { keep: '#fff', remove: '#000' });
    return canvas.convertToBlob();
  }
}

/** Of a canvas over a picture of this size. */
export function scaleOf({ width, height }: { width: number; height: number }): number {
  return Math.min(1, LONGEST / Math.max(width, height));
}
