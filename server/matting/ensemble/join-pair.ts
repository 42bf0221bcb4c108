import type { CoarseAlpha } from '../grid/coarse-alpha.ts';
import { boxMean } from './consensus.ts';

/** Neighborhood in which the first network's certainty is judged, and the mean alpha above which it is certain. */
const RADIUS = 40;
const SURE = 0.8;
/** Weight of the first network where it is not. */
const SHARE = 0.4;

/**
 * One alpha out of two opinions on the same grid: of a network that knows people, and of one that draws edges.
 *
 * The second may lose a torso, so well inside the person according to the first, the first alone counts. What the
 * second adds may be an arm that the first has missed, or a chair, and both contribute to edges: there they are mixed.
 */
export function joinPair(person: CoarseAlpha, edges: CoarseAlpha): CoarseAlpha {
  const { width, height, data } = person;
  const around = boxMean(data, width, height, RADIUS);
  const joined = new Float32Array(data.length);
  for (let i = 0; i < joined.length; i++) {
    const value = data[i]!;
    const mix = SHARE * value + (1 - SHARE) * edges.data[i]!;
    const sure = Math.max(0, (around[i]! - SURE) / (1 - SURE));
    joined[i] = mix + Math.min(1, sure) * Math.max(0, value - mix);
  }
  return { width, height, data: joined };
}
