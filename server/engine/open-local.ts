import { loadSession } from '../inference/load-session.ts';
import { MatteCache } from '../matting/matte-cache.ts';
import type { LoadState } from '../matting/model-status.ts';
import { MatteService } from '../matting/service.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { EngineConfig } from './engine-config.ts';
import { LocalEngine } from './local-engine.ts';

export interface LocalOptions {
  log?: (fields: object, text: string) => void;
  /** Called when a model starts to load, is loaded, failed or was unloaded (null). */
  onModel?: (id: string, state: LoadState | null) => void;
}

/** The engine with ONNX Runtime networks. */
export function openLocalEngine(config: EngineConfig, registry: ModelRegistry, { log, onModel }: LocalOptions = {}) {
  const pinned = config.keepLoaded.split(',').map((id) => id.trim());
  const mattes: MatteService = new MatteService(
    registry,
    async (spec, device) =>
      loadSession(spec, await registry.readWeights(spec), {
        ...config,
        ...(device && { device, strict: false }),
        onAttempts: (attempts) => log?.({ model: spec.id, attempts }, 'execution providers tried'),
      }),
    {
      unloadAfter: config.unloadAfter,
      isPinned: (id) => pinned.includes(id) || (pinned.includes('auto') && registry.resolve('auto').id === id),
      onChange: (id) => onModel?.(id, mattes.loadState(id)),
    },
  );
  const { maxCacheBytes: maxBytes, keepMattesFor: keepFor } = config;
  return new LocalEngine(mattes, new MatteCache({ maxBytes, keepFor }));
}
