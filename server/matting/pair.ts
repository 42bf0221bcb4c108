import type { CoarseAlpha } from './coarse-alpha.ts';

/** Share of the network that knows people where neither is sure. */
const SHARE = 0.4;
/** From the first to the second, that network grows sure of the subject. */
const SURE_FROM = 0.5;
const SURE_TO = 0.9;

/**
 * One alpha out of two opinions on the same grid: of a network that knows people, and of one that draws edges.
 *
 * Where the first is sure of the person, there the person is, for what the second loses are torsos. What the second adds
 * is half the time an arm that the first has missed and half the time a chair, so there, and at the edges, both are mixed.
 */
export function joinPair(person: CoarseAlpha, edges: CoarseAlpha): CoarseAlpha {
  const data = person.data.map((value, i) => {
    const mix = SHARE * value + (1 - SHARE) * edges.data[i]!;
    const sure = Math.min(1, Math.max(0, (value - SURE_FROM) / (SURE_TO - SURE_FROM)));
    return mix + sure * Math.max(0, value - mix);
  });
  return { ...person, data };
}
