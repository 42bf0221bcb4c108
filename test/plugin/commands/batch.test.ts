import { expect, test } from 'vitest';
import { Cancellation, Cancelled } from '../../../plugin/cancellation.ts';
import { type BatchOptions, createJobs, type Job, retryFailed, runBatch } from '../../../plugin/commands/batch.ts';
import { PluginError } from '../../../plugin/errors.ts';
import type { DocumentHost } from '../../../plugin/host/document-host.ts';
import type { LayerFacts, SelectedLayers, Target } from '../../../plugin/host/host.ts';
import { DEFAULT_SETTINGS } from '../../../plugin/settings/settings.ts';
import { FakeClient } from '../fake-client.ts';
import { FakeHost } from '../fake-host.ts';

/** Documents with one layer each, whose id is the document's. */
class ManyDocuments extends FakeHost {
  readonly closed = new Set<number>();

  override selectedLayers(documentId = 1): SelectedLayers {
    if (this.closed.has(documentId)) throw new PluginError('DOCUMENT_CLOSED');
    return { documentId, layerIds: [documentId] };
  }

  override async inspect(target: Target): Promise<LayerFacts> {
    if (this.closed.has(target.documentId)) throw new PluginError('DOCUMENT_CLOSED');
    return super.inspect(target);
  }
}

function start(more: Partial<BatchOptions> = {}) {
  const host = new ManyDocuments();
  const client = new FakeClient();
  const cancel = new Cancellation();
  const saves: string[] = [];
  let time = 0;
  const documents: DocumentHost = {
    openDocuments: () => [1, 2, 3].map((id) => ({ id, name: `${id}.jpg` })),
    chooseFolder: async () => null,
    saveCopy: async (id, format, folder) => {
      if (id === 2 && folder === null) throw new PluginError('NEVER_SAVED', { document: '2.jpg' });
      saves.push(`${id}.${format} in ${folder?.name ?? 'its place'}`);
      return `${id}-masked.${format}`;
    },
  };
  const options: BatchOptions = { settings: DEFAULT_SETTINGS, redoMasked: false, save: null, ...more };
  const workshop = {
    ...{ host, client, documents },
    now: () => {
      time += 750;
      return time;
    },
  };
  let jobs: Job[] = createJobs(documents.openDocuments());
  const run = (asked = options) =>
    runBatch(workshop, jobs, asked, cancel, (id, state) => {
      jobs = jobs.map((job) => (job.id === id ? { ...job, state } : job));
    });
  return {
    ...{ host, client, cancel, saves, options, run },
    states: () => jobs.map(({ state }) => state),
    retry: () => {
      jobs = retryFailed(jobs);
    },
  };
}

const masked = { model: 'isnet', provider: 'cpu', seconds: 0.75 };

test('masks each document in its turn, the active one or not', async () => {
  const { host, run, states } = start();
  await run();
  expect(states()).toEqual([1, 2, 3].map(() => ({ name: 'done', masked, savedAs: null })));
  expect([...host.masks.keys()]).toEqual([1, 2, 3]);
});

test('keeps only texts and figures of a document', async () => {
  const { run, states } = start();
  await run();
  const text = JSON.stringify(states());
  expect(JSON.parse(text)).toEqual(states());
  expect(text.length).toBeLessThan(400);
});

test('continues after a failed document, which can be retried', async () => {
  const { host, client, run, states, retry } = start();
  host.closed.add(2);
  await run();
  expect(states().map(({ name }) => name)).toEqual(['done', 'failed', 'done']);
  host.closed.clear();
  retry();
  expect(states().map(({ name }) => name)).toEqual(['done', 'waiting', 'done']);
  await run();
  expect(states().map(({ name }) => name)).toEqual(['done', 'done', 'done']);
  expect(client.requests.length).toBe(3);
});

test('skips masks that are there, whatever the settings would do with them', async () => {
  const settings = { ...DEFAULT_SETTINGS, existingMask: 'replace' as const };
  const { host, client, run, states } = start({ settings });
  host.facts = { ...host.facts, hasMask: true };
  await run();
  expect(states()).toEqual(
    [1, 2, 3].map(() => ({ name: 'skipped', error: expect.objectContaining({ code: 'MASK_EXISTS' }) })),
  );
  expect(client.requests).toEqual([]);
});

test('replaces masks without asking when told to, and keeps the old ones', async () => {
  const { host, run, states } = start({ redoMasked: true });
  for (const id of [1, 2, 3]) host.masks.set(id, { width: 6, height: 4, depth: 8, data: new Uint8Array(24).fill(9) });
  await run();
  expect(states().map(({ name }) => name)).toEqual(['done', 'done', 'done']);
  expect([...host.masks.values()].every(({ data }) => data.every((value) => value === 255))).toBe(true);
  expect(host.channels.map(({ alpha }) => alpha.data[0])).toEqual([9, 9, 9]);
});

test.each(['connect', 'upload', 'wait'])('cancelled at "%s": that document and the rest wait', async (stage) => {
  const { host, client, cancel, run, states } = start();
  client.onStage = (at) => {
    if (at === stage && host.masks.size === 1) cancel.cancel();
  };
  await expect(run()).rejects.toBeInstanceOf(Cancelled);
  expect(states()).toEqual([
    { name: 'done', masked, savedAs: null },
    { name: 'waiting', masked: null },
    { name: 'waiting', masked: null },
  ]);
  expect([...host.masks.keys()]).toEqual([1]);
});

test('retries only the saving when a copy could not be saved', async () => {
  const { client, run, states, retry, saves, options } = start({ save: { format: 'psd', folder: null } });
  await run();
  expect(states()[1]).toEqual({ name: 'failed', masked, error: expect.objectContaining({ code: 'NEVER_SAVED' }) });
  retry();
  await run({ ...options, save: { format: 'tiff', folder: { name: 'out' } } });
  expect(states()[1]).toEqual({ name: 'done', masked, savedAs: '2-masked.tiff' });
  expect(saves).toEqual(['1.psd in its place', '3.psd in its place', '2.tiff in out']);
  expect(client.requests.length).toBe(3);
});
