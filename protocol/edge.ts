import { type Depth, DOCUMENT, type ForegroundMethod, OUTPUTS } from './matte.ts';

/**
 * What a kept matte is answered as: like a new one, and `picture`, which is the picture alone, upright and in sRGB, for
 * programs that cannot show the file themselves.
 */
export const EDGE_OUTPUTS = [...OUTPUTS, DOCUMENT, 'picture'] as const;
export type EdgeOutput = (typeof EDGE_OUTPUTS)[number];

/**
 * JSON body of `POST /v1/mattes/:id/edge`. Everything may be left out; what is absent or 0 changes nothing. Lengths are
 * pixels and areas square pixels of the full picture, for previews too.
 */
export interface EdgeRequest {
  /** Moves every edge outwards (above zero) or inwards by so many pixels, parts included. */
  shift?: number;
  /** Standard deviation of a Gaussian blur. */
  feather?: number;
  /** Steepens alpha around 0.5; 100 makes it hard. */
  contrast?: number;
  /** More (above zero) or less of the semi-transparent band. */
  hair?: number;
  /** Removes patches of subject of fewer pixels. */
  removeSpecks?: number;
  /** Closes enclosed gaps of fewer pixels. */
  fillHoles?: number;
  /** 0..1, default 1: how much of the old background's colour is taken out of a cutout's or composition's edge. */
  decontaminate?: number;
  /** Default: `best`, or `fast` for a preview. */
  foreground?: ForegroundMethod;
  /** Width of a smaller answer; at most the picture's. Absent: full size, which documents always have. */
  width?: number;
  output?: EdgeOutput;
  depth?: Depth;
  /** CSS colour or `checker`, for `composition`. */
  background?: string;
}

/** Smallest and largest value of each control. */
export const EDGE_RANGES = {
  shift: [-20, 20],
  feather: [0, 250],
  contrast: [0, 100],
  hair: [-1, 1],
  removeSpecks: [0, 10_000_000],
  fillHoles: [0, 10_000_000],
  decontaminate: [0, 1],
} as const satisfies Partial<Record<keyof EdgeRequest, readonly [number, number]>>;

/** Every control with its value; ranges in `EDGE_RANGES`. */
export type EdgeControls = Readonly<Record<keyof typeof EDGE_RANGES, number>>;

/** Changes nothing. */
export const NEUTRAL_EDGE: EdgeControls = {
  shift: 0,
  feather: 0,
  contrast: 0,
  hair: 0,
  removeSpecks: 0,
  fillHoles: 0,
  decontaminate: 1,
};
