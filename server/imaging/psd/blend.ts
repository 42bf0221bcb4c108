/** What a source color becomes over a backdrop, both 0..1 and opaque (Compositing and Blending Level 1, section 10). */
export type BlendMode = (backdrop: number, source: number) => number;

const multiply: BlendMode = (b, s) => b * s;
const screen: BlendMode = (b, s) => b + s - b * s;
const hardLight: BlendMode = (b, s) => (s <= 0.5 ? multiply(b, 2 * s) : screen(b, 2 * s - 1));

/** By Photoshop's keys; those that are missing cannot be composed. Null: normal. */
export const BLEND_MODES: Readonly<Record<string, BlendMode | null>> = {
  norm: null,
  'mul ': multiply,
  scrn: screen,
  hLit: hardLight,
  over: (b, s) => hardLight(s, b),
  dark: Math.min,
  lite: Math.max,
  lddg: (b, s) => Math.min(1, b + s),
  lbrn: (b, s) => Math.max(0, b + s - 1),
  diff: (b, s) => Math.abs(b - s),
};

/** Pixels of some lines of the canvas, interleaved, colors multiplied with the opacity that comes last. All 0..1. */
export type Sheet = Float32Array;

export interface Blending {
  /** Samples of a pixel, opacity included. */
  samples: number;
  mode: BlendMode | null;
  /** 0..1; also for each pixel. */
  opacity: number;
  mask: Float32Array | null;
  /** Whether only what is there already is painted over, as a clipped layer does. */
  isClipped: boolean;
}

/** Lays a sheet on another (Porter and Duff's "over", and "atop" where it is clipped). */
export function blend(target: Sheet, source: Sheet, { samples, mode, opacity, mask, isClipped }: Blending): void {
  const alpha = samples - 1;
  for (let t = 0, i = 0; t < target.length; t += samples, i++) {
    const share = mask ? mask[i]! * opacity : opacity;
    const above = source[t + alpha]! * share;
    if (above === 0) continue;
    const below = target[t + alpha]!;
    const kept = isClipped ? below : 1;
    for (let c = 0; c < alpha; c++) {
      const own = source[t + c]! * share;
      const mixed = mode && below > 0 ? below * above * mode(target[t + c]! / below, own / above) : own * below;
      const alone = isClipped ? 0 : own * (1 - below);
      target[t + c] = target[t + c]! * (1 - above) + alone + mixed;
    }
    target[t + alpha] = isClipped ? kept : above + below * (1 - above);
  }
}
