import { type Depth, DOCUMENT, type ForegroundMethod, OUTPUTS } from './matte.ts';

/**
 * Output of an edge request: that of a new matte, or `picture`: the picture alone, upright and in sRGB, for clients
 * that cannot decode the file.
 */
export const EDGE_OUTPUTS = [...OUTPUTS, DOCUMENT, 'picture'] as const;
export type EdgeOutput = (typeof EDGE_OUTPUTS)[number];

/**
 * JSON body of `POST /v1/mattes/:id/edge`. All fields are optional; absent or 0 changes nothing. Lengths are in pixels
 * and areas in square pixels of the full picture, for previews too.
 */
export interface EdgeRequest {
  /** Moves every edge outward (above zero) or inward by this many pixels, including fractions. */
  shift?: number;
  /** Standard deviation of a Gaussian blur. */
  feather?: number;
  /** Steepens alpha around 0.5; 100 makes it hard. */
  contrast?: number;
  /** More (above zero) or less of the semi-transparent band. */
  hair?: number;
  /** Removes patches of the subject smaller than this many pixels. */
  removeSpecks?: number;
  /** Closes enclosed gaps smaller than this many pixels. */
  fillHoles?: number;
  /** 0..1, default 1: how much of the old background's color is removed from the edge of a cutout or composition. */
  decontaminate?: number;
  /** Default: `best`, or `fast` for a preview. */
  foreground?: ForegroundMethod;
  /** Width of a smaller answer, at most the picture's. Absent: full size. Documents are always full size. */
  width?: number;
  output?: EdgeOutput;
  depth?: Depth;
  /** CSS color or `checker`, for `composition`. */
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
