import type { ModelState } from '../../protocol/schemas/status.ts';
import type { ModelFetcher } from '../registry/model-fetcher.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { ModelSpec } from '../registry/spec/model-spec.ts';

/** Status of a requested model. */
export interface LoadState {
  state: Extract<ModelState, 'loading' | 'ready' | 'failed'>;
  provider: string | null;
  /** The provider's name for people. */
  label: string | null;
  /** Why this provider, or why the model is not ready. */
  reason: string | null;
}

export interface ModelStatus extends Omit<LoadState, 'state'> {
  spec: ModelSpec;
  state: ModelState;
}

/** A model in words: on its way, loaded or not, there or not. */
export async function describeModel(
  spec: ModelSpec,
  registry: ModelRegistry,
  fetcher: ModelFetcher,
  loadState: (id: string) => LoadState | null,
): Promise<ModelStatus> {
  const nothing = { provider: null, label: null };
  const loaded = loadState(spec.id);
  if (loaded?.state === 'ready') return { spec, ...loaded };
  const reason = loaded?.reason ?? fetcher.failureOf(spec.id)?.message ?? null;
  if (fetcher.isFetching(spec.id)) return { spec, state: 'downloading', ...nothing, reason };
  if (loaded?.state === 'loading') return { spec, state: 'loading', ...nothing, reason };
  const installed = await registry.isInstalled(spec);
  return { spec, state: installed ? (loaded?.state ?? 'installed') : 'missing', ...nothing, reason };
}
