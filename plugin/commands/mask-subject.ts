import type { Cancellation } from '../cancellation.ts';
import type { Client, Server } from '../client/client.ts';
import { PluginError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Settings } from '../settings/settings.ts';
import { makeRefinable } from './apply-edge.ts';
import { deliver } from './deliver.ts';
import { hasSubject } from './place-alpha.ts';
import { planRun } from './plan-run.ts';
import type { Report, Step } from './progress.ts';
import type { Result } from './result.ts';
import type { Edged, Run } from './run.ts';
import { takeMatte } from './take-matte.ts';

/**
 * Finds the person or object in what is selected and delivers it as the settings say. Reads in modal scopes and writes in
 * one; in between Photoshop belongs to the user. Throws Cancelled, PluginError or ServerError, and then the document is
 * as it was.
 */
export async function maskSubject(
  host: Host,
  client: Client,
  settings: Settings,
  cancel: Cancellation,
  report: Report,
): Promise<Result> {
  // What can be said without the server is said first, and at once.
  report({ name: 'reading' });
  // While another command has Photoshop, a look at a layer from outside a modal scope may raise a box of Photoshop's own.
  const { documentId, jobs } = await host.read(cancel, () => planRun(host, settings));
  report({ name: 'searching' });
  const server = await client.connect(cancel);
  checkModel(server, settings);
  const taken: Edged[] = [];
  for (const [index, job] of jobs.entries()) {
    const part = jobs.length === 1 ? {} : { part: { index: index + 1, of: jobs.length } };
    const run: Run = { host, client, server, settings, cancel, report: (step: Step) => report({ ...step, ...part }) };
    taken.push(await takeMatte(run, job));
  }
  const found = taken.filter(({ alpha }) => hasSubject(alpha));
  if (found.length === 0) throw new PluginError('NO_SUBJECT', { layer: nameOf(taken[0]!) });
  report({ name: 'writing', busy: false });
  const onBusy = () => report({ name: 'writing', busy: true });
  const delivered = await host.edit(documentId, settings.delivery, cancel, onBusy, (scope) =>
    deliver(host, scope, found, settings),
  );
  const put = jobs.length === 1 ? delivered[0]!.put : null;
  return {
    layers: taken.map((edged) => {
      const done = delivered.find((one) => one.edged === edged);
      return { layerName: done?.layerName ?? nameOf(edged), outcome: done ? settings.delivery : 'no-subject' };
    }),
    model: taken[0]!.model,
    provider: taken[0]!.provider,
    refinable: put === null ? null : makeRefinable(found[0]!, put, settings),
  };
}

/**
 * Only a model that is not there stops us: one that is loading will answer, one that failed may work the next time.
 * The server speaks of its model for portraits; about the one for objects it says nothing before it is asked.
 */
function checkModel({ ready }: Server, { subject }: Settings): void {
  if (subject !== 'portrait' || ready?.state !== 'missing') return;
  throw new PluginError('MODEL_MISSING', { model: ready.model }, ready.reason ?? '');
}

function nameOf({ job, document }: Edged): string {
  return job.facts?.layerName ?? document.documentName;
}
