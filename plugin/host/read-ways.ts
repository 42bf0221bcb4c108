/** Ways to the pixels of a source. `in-place` reads any source, the two copies read layers, the merged one composites. */
export type ReadWay = 'in-place' | 'layer-copy' | 'rasterized-copy' | 'merged-copy';

/**
 * Where nothing is known of this Photoshop, the quickest first. The copies are for documents whose healthy layers cannot
 * be read ("Could not update smart object files"), which trying again does not cure.
 */
export const READ_WAYS: readonly ReadWay[] = ['in-place', 'layer-copy', 'rasterized-copy', 'merged-copy'];
