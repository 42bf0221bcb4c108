import type { Config } from '../../config/config.ts';
import { AppError } from '../../errors.ts';
import type { ModelRegistry, ModelShelf } from '../../registry/model-registry.ts';
import type { ModelSpec } from '../../registry/spec/model-spec.ts';
import type { Terminal } from '../terminal.ts';

/** Shared context of the model commands. */
export interface ModelsContext {
  config: Config;
  terminal: Terminal;
  registry: ModelShelf;
}

/** What users should know about a model before using it. */
export function notesOn({ license, unverified }: ModelSpec): string[] {
  return [license.note, unverified && `Unverified. ${unverified}`].filter((note) => note !== undefined);
}

export async function stateOf(registry: ModelRegistry, spec: ModelSpec) {
  try {
    return { state: 'installed', bytes: (await registry.readWeights(spec)).length };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { state: error.code === 'WEIGHTS_MISSING' ? 'not downloaded' : 'damaged', bytes: null };
  }
}
