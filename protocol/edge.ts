import { DOCUMENT, OUTPUTS, PATH } from './matte.ts';

/**
 * Output of an edge request: that of a new matte, or `picture`: the picture alone, upright and in sRGB, for clients
 * that cannot decode the file.
 */
export const EDGE_OUTPUTS = [...OUTPUTS, DOCUMENT, PATH, 'picture'] as const;

/** Smallest and largest value of each control. */
export const EDGE_RANGES = {
  shift: [-20, 20],
  feather: [0, 250],
  contrast: [0, 100],
  hair: [-1, 1],
  removeSpecks: [0, 10_000_000],
  fillHoles: [0, 10_000_000],
  decontaminate: [0, 1],
} as const;

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
