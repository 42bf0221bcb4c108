import { type Cancellation, Cancelled } from './cancellation.ts';
import {
  type BatchOptions,
  createJobs,
  type Job,
  type JobState,
  retryFailed,
  runBatch,
  type Workshop,
} from './commands/batch.ts';
import { PluginError } from './errors.ts';
import type { ChosenFolder } from './host/document-host.ts';
import { type Around, alone, type OneRun } from './one-run.ts';
import type { SaveFormat } from './save-format.ts';
import type { Settings } from './settings.ts';
import type { BatchView } from './ui/batch-state.ts';

/** Owns what the batch section of the panel shows, and the batch there can be. */
export class BatchSession {
  private readonly workshop: Workshop;
  private readonly oneRun: OneRun;
  private readonly settings: () => Settings;
  private readonly draw: (view: BatchView) => void;
  private jobs: Job[] = [];
  /** Documents to choose from, and which of them are chosen; null: all that are open. */
  private choice: BatchView['choice'] = null;
  private redoMasked = false;
  private format: SaveFormat | null = null;
  private folder: ChosenFolder | null = null;
  private running: Cancellation | null = null;
  private error: unknown = null;

  constructor(workshop: Workshop, oneRun: OneRun, settings: () => Settings, draw: (view: BatchView) => void) {
    this.workshop = workshop;
    this.oneRun = oneRun;
    this.settings = settings;
    this.draw = draw;
  }

  get view(): BatchView {
    const { jobs, choice, redoMasked, format, error } = this;
    return {
      jobs,
      choice,
      redoMasked,
      format,
      folder: this.folder?.name ?? null,
      error,
      running: this.running !== null,
    };
  }

  /** Shows the open documents to choose from, or stops showing them. */
  toggleChoice(): void {
    const documents = this.workshop.documents.openDocuments();
    this.choice = this.choice === null ? documents.map((document) => ({ ...document, chosen: true })) : null;
    this.draw(this.view);
  }

  choose(documentId: number, chosen: boolean): void {
    this.choice = this.choice?.map((one) => (one.id === documentId ? { ...one, chosen } : one)) ?? null;
    this.draw(this.view);
  }

  setRedoMasked(redoMasked: boolean): void {
    this.redoMasked = redoMasked;
    this.draw(this.view);
  }

  setFormat(format: SaveFormat | null): void {
    this.format = format;
    this.draw(this.view);
  }

  /** Copies go beside their originals again. */
  forgetFolder(): void {
    this.folder = null;
    this.draw(this.view);
  }

  async chooseFolder(): Promise<void> {
    this.error = null;
    try {
      this.folder = (await this.workshop.documents.chooseFolder()) ?? this.folder;
    } catch (error) {
      this.error = error;
    }
    this.draw(this.view);
  }

  /** Masks the chosen documents, or all that are open. True if all that are open have had their turn. */
  async start(): Promise<boolean> {
    const all = this.choice === null;
    const documents = this.choice?.filter(({ chosen }) => chosen) ?? this.workshop.documents.openDocuments();
    await this.run(createJobs(documents), this.options);
    return all && this.jobs.length > 0 && this.jobs.every(({ state }) => state.name !== 'waiting');
  }

  async resume(): Promise<void> {
    await this.run(this.jobs, this.options);
  }

  async retry(): Promise<void> {
    await this.run(retryFailed(this.jobs), this.options);
  }

  stop(): void {
    this.running?.cancel();
  }

  get options(): BatchOptions {
    const save = this.format === null ? null : { format: this.format, folder: this.folder };
    return { settings: this.settings(), redoMasked: this.redoMasked, save };
  }

  /** Without the buttons, for menu and Actions: masks every open document. Throws if one failed, or if stopped. */
  async maskAll(options: BatchOptions, around: Around = alone): Promise<void> {
    const jobs = createJobs(this.workshop.documents.openDocuments());
    if (jobs.length === 0) throw new PluginError('NO_DOCUMENT');
    await this.work(jobs, options, around);
    const failed = this.jobs.filter(({ state }) => state.name === 'failed');
    const [first] = failed;
    if (first === undefined) return;
    const values = { failed: String(failed.length), total: String(jobs.length), document: first.name };
    throw new PluginError('SOME_FAILED', values);
  }

  private async run(jobs: Job[], options: BatchOptions): Promise<void> {
    try {
      if (jobs.length === 0) throw new PluginError(this.choice === null ? 'NO_DOCUMENT' : 'NONE_CHOSEN');
      await this.work(jobs, options);
    } catch (error) {
      this.error = error instanceof Cancelled ? null : error;
    }
    this.draw(this.view);
  }

  private work(jobs: Job[], options: BatchOptions, around: Around = alone): Promise<void> {
    return this.oneRun.start(async (cancel) => {
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
