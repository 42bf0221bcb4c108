import type { Subject } from './spec/model-spec.ts';

/**
 * What `model=auto` runs, best first; the last of each is embedded: fetched without being asked for. BSHM is the
 * product's own model and needs a download of its own (`hairline models pull bshm`).
 */
const PREFERRED: Readonly<Record<Subject, readonly string[]>> = {
  portrait: ['bshm', 'rvm'],
  object: ['isnet'],
};

/** The registry's defaults for the configured model: one for everything, or `auto`, chosen by subject. */
export function defaultsOf(model: string): { defaultModel: string; preferred?: typeof PREFERRED } {
  return model === 'auto' ? { defaultModel: 'rvm', preferred: PREFERRED } : { defaultModel: model };
}
