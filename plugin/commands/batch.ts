import { type Cancellation, Cancelled } from '../cancellation.ts';
import type { Client } from '../client/client.ts';
import { PluginError } from '../errors.ts';
import type { ChosenFolder, DocumentHost, OpenDocument } from '../host/document-host.ts';
import type { Host } from '../host/host.ts';
import type { SaveFormat } from '../settings/save-format.ts';
import { type Settings, withoutQuestions } from '../settings/settings.ts';
import { maskSubject } from './mask-subject.ts';
import type { Progress } from './progress.ts';

/** How far a document of a batch is. `masked`: what is left to do is to save it. */
export type JobState =
  | { name: 'waiting'; masked: Masked | null }
  | { name: 'running'; progress: Progress | { name: 'saving' } }
  | { name: 'done'; masked: Masked; savedAs: string | null }
  | { name: 'skipped'; error: unknown }
  | { name: 'failed'; error: unknown; masked: Masked | null };

/** What made the mask, and how long it took. */
export interface Masked {
  model: string;
  provider: string;
  seconds: number;
}

/** Only ids, names and figures: fifty documents must not take more memory than one. */
export interface Job extends OpenDocument {
  state: JobState;
}

export interface BatchOptions {
  settings: Settings;
  /** Also documents whose layer has a mask already. */
  redoMasked: boolean;
  save: { format: SaveFormat; folder: ChosenFolder | null } | null;
}

/** What a batch needs of the rest; `now` in milliseconds. */
export interface Workshop {
  host: Host;
  documents: DocumentHost;
  client: Client;
  now(): number;
}

export function createJobs(documents: readonly OpenDocument[]): Job[] {
  return documents.map(({ id, name }) => ({ id, name, state: { name: 'waiting', masked: null } }));
}

/** Jobs that failed wait again; what they have is kept. */
export function retryFailed(jobs: readonly Job[]): Job[] {
  return jobs.map((job) =>
    job.state.name === 'failed' ? { ...job, state: { name: 'waiting', masked: job.state.masked } } : job,
  );
}

/**
 * Works through the jobs that wait, one after the other; whatever happens to one, the next has its turn. Throws Cancelled
 * alone: then the document at hand is as it was, and waits with the others.
 */
export async function runBatch(
  workshop: Workshop,
  jobs: readonly Job[],
  options: BatchOptions,
  cancel: Cancellation,
  report: (documentId: number, state: JobState) => void,
): Promise<void> {
  for (const { id, state } of jobs) {
    if (state.name !== 'waiting') continue;
    cancel.throwIfCancelled();
    let { masked } = state;
    const progress = (at: Progress | { name: 'saving' }) => report(id, { name: 'running', progress: at });
    try {
      masked ??= await maskDocument(workshop, id, options, cancel, progress);
      let savedAs: string | null = null;
      if (options.save !== null) {
        progress({ name: 'saving' });
        savedAs = await workshop.documents.saveCopy(id, options.save.format, options.save.folder, cancel);
      }
      report(id, { name: 'done', masked, savedAs });
    } catch (error) {
      if (error instanceof Cancelled) {
        report(id, { name: 'waiting', masked });
        throw error;
      }
      report(id, isReasonToSkip(error) ? { name: 'skipped', error } : { name: 'failed', error, masked });
    }
  }
}

async function maskDocument(
  { host, client, now }: Workshop,
  documentId: number,
  { settings, redoMasked }: BatchOptions,
  cancel: Cancellation,
  report: (progress: Progress) => void,
): Promise<Masked> {
  const start = now();
  // A run that would have to ask what becomes of a mask fails instead, and that is the reason to skip.
  const decided: Settings = redoMasked ? withoutQuestions(settings) : { ...settings, existingMask: 'ask' };
  const { model, provider } = await maskSubject(hostIn(host, documentId), client, decided, cancel, report);
  return { model, provider, seconds: (now() - start) / 1000 };
}

/** The same host, for which the document is the active one: the user may be looking at another. */
function hostIn(host: Host, documentId: number): Host {
  return {
    selectedLayers: () => host.selectedLayers(documentId),
    inspectDocument: (id) => host.inspectDocument(id),
    inspect: (target) => host.inspect(target),
    read: (cancel, body) => host.read(cancel, body),
    edit: (...asked) => host.edit(...asked),
  };
}

function isReasonToSkip(error: unknown): boolean {
  return error instanceof PluginError && error.code === 'MASK_EXISTS';
}
