import { type Cancellation, Cancelled } from '../cancellation.ts';
import {
  type BatchOptions,
  createJobs,
  type Job,
  type JobState,
  retryFailed,
  runBatch,
  type Workshop,
} from '../commands/batch.ts';
import { PluginError } from '../errors.ts';
import type { ChosenFolder } from '../host/document-host.ts';
import type { SaveFormat } from '../settings/save-format.ts';
import type { Settings } from '../settings/settings.ts';
import type { BatchIntents, BatchView } from './batch-state.ts';
import { alone, type OneRun, type RunScope } from './one-run.ts';

/** What a batch needs to know of the rest of the panel. */
export interface BatchServices {
  readonly oneRun: OneRun;
  settings(): Settings;
  /** Adds a batch of all open documents to the Action that is being recorded, if one is. */
  record(options: BatchOptions): Promise<void>;
}

/** What the user asks of the next batch; a format of null saves no copies, a folder of null saves beside the originals. */
interface Wishes {
  readonly redoMasked: boolean;
  readonly format: SaveFormat | null;
  readonly folder: ChosenFolder | null;
}

/** Owns what the batch section of the panel shows, and the batch there can be. */
export class BatchSession {
  private readonly workshop: Workshop;
  private readonly services: BatchServices;
  private readonly draw: (view: BatchView) => void;
  private jobs: Job[] = [];
  /** Documents to choose from, and which of them are chosen; null: all that are open. */
  private choice: BatchView['choice'] = null;
  private wishes: Wishes = { redoMasked: false, format: null, folder: null };
  private running: Cancellation | null = null;
  /** A folder picker is open, perhaps behind Photoshop's windows. */
  private isChoosing = false;
  private error: unknown = null;

  constructor(workshop: Workshop, services: BatchServices, draw: (view: BatchView) => void) {
    this.workshop = workshop;
    this.services = services;
    this.draw = draw;
  }

  get view(): BatchView {
    const { jobs, choice, error } = this;
    const { redoMasked, format, folder } = this.wishes;
    return { jobs, choice, redoMasked, format, folder: folder?.name ?? null, error, running: this.running !== null };
  }

  /** What the panel's user can ask for. */
  get intents(): BatchIntents {
    return {
      start: () => void this.start(),
      stop: () => this.running?.cancel(),
      resume: () => void this.run(this.jobs, this.options),
      retry: () => void this.run(retryFailed(this.jobs), this.options),
      toggleChoice: () => this.toggleChoice(),
      choose: (documentId, chosen) => this.choose(documentId, chosen),
      setRedoMasked: (redoMasked) => this.change({ redoMasked }),
      setFormat: (format) => this.change({ format }),
      chooseFolder: () => void this.chooseFolder(),
      // Copies go beside their originals again.
      forgetFolder: () => this.change({ folder: null }),
    };
  }

  /** Shows the open documents to choose from, or stops showing them. */
  private toggleChoice(): void {
    const documents = this.workshop.documents.openDocuments();
    this.choice = this.choice === null ? documents.map((document) => ({ ...document, chosen: true })) : null;
    this.draw(this.view);
  }

  private choose(documentId: number, chosen: boolean): void {
    this.choice = this.choice?.map((one) => (one.id === documentId ? { ...one, chosen } : one)) ?? null;
    this.draw(this.view);
  }

  private change(change: Partial<Wishes>): void {
    this.wishes = { ...this.wishes, ...change };
    this.draw(this.view);
  }

  private async chooseFolder(): Promise<void> {
    if (this.isChoosing) return;
    this.isChoosing = true;
    this.error = null;
    try {
      const folder = await this.workshop.documents.chooseFolder();
      this.change(folder === null ? {} : { folder });
    } catch (error) {
      this.error = error;
      this.draw(this.view);
    } finally {
      this.isChoosing = false;
    }
  }

  /** Masks the chosen documents, or all that are open; only that can be a step of an Action. */
  private async start(): Promise<void> {
    const all = this.choice === null;
    const documents = this.choice?.filter(({ chosen }) => chosen) ?? this.workshop.documents.openDocuments();
    const { options } = this;
    const ended = await this.run(createJobs(documents), options);
    if (all && ended) await this.services.record(options);
  }

  get options(): BatchOptions {
    const { redoMasked, format, folder } = this.wishes;
    const save = format === null ? null : { format, folder };
    return { settings: this.services.settings(), redoMasked, save };
  }

  /** Without the buttons, for menu and Actions: masks every open document. Throws if one failed, or if stopped. */
  async maskAll(options: BatchOptions, around: RunScope = alone): Promise<void> {
    const jobs = createJobs(this.workshop.documents.openDocuments());
    if (jobs.length === 0) throw new PluginError('NO_DOCUMENT');
    await this.work(jobs, options, around);
    const failed = this.jobs.filter(({ state }) => state.name === 'failed');
    const [first] = failed;
    if (first === undefined) return;
    const values = { failed: String(failed.length), total: String(jobs.length), document: first.name };
    throw new PluginError('SOME_FAILED', values);
  }

  /** Answers with whether every document had its turn. */
  private async run(jobs: Job[], options: BatchOptions): Promise<boolean> {
    try {
      if (jobs.length === 0) throw new PluginError(this.choice === null ? 'NO_DOCUMENT' : 'NONE_CHOSEN');
      await this.work(jobs, options);
      return true;
    } catch (error) {
      this.error = error instanceof Cancelled ? null : error;
      this.draw(this.view);
      return false;
    }
  }

  private work(jobs: Job[], options: BatchOptions, around: RunScope = alone): Promise<void> {
    return this.services.oneRun.start(async (cancel) => {
      this.running = cancel;
      this.error = null;
      this.choice = null;
      this.jobs = jobs;
      this.draw(this.view);
      const report = (documentId: number, state: JobState) => this.note(documentId, state);
      try {
        await around(cancel, () => runBatch(this.workshop, jobs, options, cancel, report));
      } finally {
        this.running = null;
        this.draw(this.view);
      }
    });
  }

  private note(documentId: number, state: JobState): void {
    this.jobs = this.jobs.map((job) => (job.id === documentId ? { ...job, state } : job));
    this.draw(this.view);
  }
}
