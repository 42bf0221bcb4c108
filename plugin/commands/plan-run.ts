import { PluginError } from '../errors.ts';
import type { DocumentFacts, Host, LayerFacts, Source } from '../host/host.ts';
import type { Settings } from '../settings/settings.ts';
import { checkDocument, checkReadable, checkWritable, putsMask } from './check-layer.ts';

/** One picture to matte. `facts`: the layer that the result is for; null where it needs none. */
export interface Job {
  source: Source;
  facts: LayerFacts | null;
}

export interface Plan {
  documentId: number;
  document: DocumentFacts;
  jobs: Job[];
}

/** What a run is about to do; throws at once what can be said without the server. */
export async function planRun(host: Host, settings: Settings): Promise<Plan> {
  const { documentId, layerIds } = host.selectedLayers();
  const document = host.inspectDocument(documentId);
  checkDocument(document, settings);
  const targets = layerIds.map((layerId) => ({ documentId, layerId }));
  const jobs: Job[] = [];
  if (settings.source === 'composite') {
    const source = { documentId, layerId: null };
    if (!putsMask(settings.delivery)) return { documentId, document, jobs: [{ source, facts: null }] };
    // The mask of what all layers show together needs one layer to be on.
    if (targets.length > 1) throw new PluginError('SEVERAL_LAYERS');
    for (const target of targets) jobs.push({ source, facts: await host.inspect(target) });
  } else {
    for (const target of targets) jobs.push({ source: target, facts: await host.inspect(target) });
  }
  if (jobs.length === 0) throw new PluginError('NO_LAYER');
  for (const job of jobs) checkJob(job, settings);
  return { documentId, document, jobs };
}

export function checkJob({ source, facts }: Job, settings: Settings): void {
  if (facts === null) return;
  if (source.layerId !== null) checkReadable(facts);
  checkWritable(facts, settings);
}
