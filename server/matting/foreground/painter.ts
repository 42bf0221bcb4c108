import type { AlphaPlane, Raster, Strip } from '../../imaging/picture.ts';
import type { Pace } from '../yield-often.ts';
import type { Cells } from './cells.ts';

/** Strips begin at multiples of this, so that no tile of any method lies in two of them. */
export const STRIP_ROWS = 256;

/**
 * Writes estimated colors over those of a strip of straight RGBA at the picture's depth: pixels of marked cells where
 * alpha is below 1.
 */
export type Painter = (strip: Strip) => Promise<void>;

/** A method of estimation: what it needs of the whole picture is computed at once, the rest strip by strip. */
export type Estimate = (picture: Raster, alpha: AlphaPlane, cells: Cells, pace: Pace) => Promise<Painter>;

/** Where the painter for some cells comes from. */
export type FindPainter = (cells: Cells, pace: Pace) => Promise<Painter>;
