import type { CoarseAlpha } from '../grid/coarse-alpha.ts';
import { boxMean } from './consensus.ts';

/** Neighbourhood in which the first network's certainty is judged, and the mean alpha from which on it is certain. */
const RADIUS = 40;
const SURE = 0.8;
/** Weight of the first network where it is not. */
const SHARE = 0.4;

/**
 * One alpha out of two opinions on the same grid: of a network that knows people, and of one that draws edges.
 *
 * What the second loses is a torso, so inside of what the first takes for a person all around, its word is enough. What
 * the second adds is as often an arm that the first has missed as it is a chair, and at edges both have something to say:
 * there they are mixed.
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
