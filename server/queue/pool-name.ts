import { createHash } from 'node:crypto';

export interface PoolTraits {
  version: string;
  provider: string;
  /** What `auto` is, and each installed model by id and checksum. */
  auto: string;
  models: readonly (readonly [id: string, sha256: string])[];
}

/**
 * The queue of workers that give the same answers: same version, same models, same kind of provider. Workers that differ
 * in any of these have another queue and never answer for each other.
 * @param mark of the cluster's secret: a worker without it finds no queue
 */
export function namePool(mark: string, { version, provider, auto, models }: PoolTraits): string {
  const all = JSON.stringify([auto, [...models].sort(([a], [b]) => (a < b ? -1 : 1))]);
  const digest = createHash('sha256').update(all).digest('hex').slice(0, 8);
  return [mark, version, digest, provider].join('_');
}

/** The queue of one worker, for edge controls on the mattes that it keeps. */
export function namePersonal(mark: string, version: string, worker: string): string {
  return [mark, version, 'worker', worker].join('_');
}
