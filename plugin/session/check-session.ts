import { type Cancellation, Cancelled } from '../cancellation.ts';
import type { Outcome, Probe } from '../check/probe.ts';
import { type Report, readOutcomes, toJson, toText } from '../check/report.ts';
import { runProbes } from '../check/run-probes.ts';
import type { HostFacts } from '../host/host-facts.ts';
import type { ReportFiles } from '../host/report-files.ts';
import type { ProfileMemory } from '../settings/profile-memory.ts';
import type { OneRun } from './one-run.ts';

export interface CheckServices {
  readonly oneRun: OneRun;
  readonly memory: ProfileMemory;
  readonly files: ReportFiles;
  readonly facts: HostFacts;
  readonly home: string;
  /** All that can be asked; these at each start too, and those when the server first answers. */
  readonly probes: readonly Probe[];
  readonly boot: readonly Probe[];
  readonly network: readonly Probe[];
}

/** What the check shows. */
export interface CheckView {
  readonly outcomes: readonly Outcome[];
  /** How far it is; null: it does not run. */
  readonly step: { readonly done: number; readonly total: number } | null;
  /** The whole check has run, now or in an earlier session. */
  readonly complete: boolean;
  /** Names of the files that the report was saved as. */
  readonly saved: readonly string[];
  readonly error: unknown;
}

export interface CheckIntents {
  /** Starts the check, or stops it. */
  check(): void;
  saveReport(): void;
}

const RECORDING = 'recordAction';

/** Measures this Photoshop, and keeps what it found. */
export class CheckSession {
  private readonly services: CheckServices;
  private readonly draw: (view: CheckView) => void;
  private outcomes: readonly Outcome[] = [];
  private step: CheckView['step'] = null;
  private running: Probe['id'] | null = null;
  private cancellation: Cancellation | null = null;
  private saved: readonly string[] = [];
  private error: unknown = null;
  private isSaving = false;
  private hasBegun = false;
  private isReady = false;
  private isOnline = false;

  constructor(services: CheckServices, draw: (view: CheckView) => void) {
    this.services = services;
    this.draw = draw;
  }

  get view(): CheckView {
    const { outcomes, step, saved, error } = this;
    const complete = this.services.probes.every(({ id }) => outcomes.some((outcome) => outcome.id === id));
    return { outcomes, step, complete, saved, error };
  }

  get intents(): CheckIntents {
    return {
      check: () => {
        if (this.cancellation !== null) this.cancellation.cancel();
        else void this.check();
      },
      saveReport: () => void this.save(),
    };
  }

  /** At each start: hears of a crash in an earlier check, and asks what takes no time. Never throws. */
  async begin(cancel: Cancellation): Promise<void> {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { files, facts, boot } = this.services;
    this.outcomes = readOutcomes(await files.read(), facts);
    this.redraw();
    await this.runQuietly(boot, cancel);
    this.isReady = true;
    if (this.isOnline) await this.runQuietly(this.services.network, cancel);
  }

  /** The server answers: what takes no time is asked of the way to it, once. */
  noteServer(cancel: Cancellation): void {
    if (this.isOnline) return;
    this.isOnline = true;
    if (this.isReady) void this.runQuietly(this.services.network, cancel);
  }

  /**
   * What Photoshop answered when a run was offered to the Action that is being recorded, if one is. Not asked by a check:
   * where one is recorded, the question would become a step of it.
   */
  async noteRecording(refusal: string | null): Promise<void> {
    const expected = refusal === null;
    this.put({ id: RECORDING, end: 'answered', seen: refusal ?? 'taken', expected, milliseconds: 0 });
    await this.keep();
    this.redraw();
  }

  private put(outcome: Outcome): void {
    this.outcomes = [...this.outcomes.filter(({ id }) => id !== outcome.id), outcome];
  }

  private async runQuietly(probes: readonly Probe[], cancel: Cancellation): Promise<void> {
    // What a check finds out is newer than what it would.
    if (this.cancellation === null) await this.run(probes, cancel).catch(() => {});
  }

  /** The whole check; never throws. */
  async check(): Promise<void> {
    const { probes, oneRun } = this.services;
    this.saved = [];
    this.error = null;
    try {
      await oneRun.start(async (cancel) => {
        this.cancellation = cancel;
        this.step = { done: this.crashed.length, total: probes.length };
        this.outcomes = this.outcomes.filter(({ id, end }) => end === 'crashed' || id === RECORDING);
        this.redraw();
        await this.run(probes, cancel);
      });
    } catch (thrown) {
      this.error = thrown instanceof Cancelled ? null : thrown;
    } finally {
      this.cancellation = null;
      this.step = null;
      this.redraw();
    }
  }

  private async run(probes: readonly Probe[], cancel: Cancellation): Promise<void> {
    const journal = {
      begin: async ({ id }: Probe) => {
        this.running = id;
        await this.keep();
        this.redraw();
      },
      end: async (outcome: Outcome) => {
        this.running = null;
        this.put(outcome);
        if (outcome.profile) this.services.memory.note(outcome.profile);
        if (this.step) this.step = { ...this.step, done: this.step.done + 1 };
        await this.keep();
        this.redraw();
      },
    };
    const { crashed } = this;
    const asked = probes.filter(({ id }) => !crashed.some((outcome) => outcome.id === id));
    try {
      await runProbes(asked, journal, cancel);
    } finally {
      if (this.running !== null) {
        this.running = null;
        await this.keep();
      }
    }
  }

  private async save(): Promise<void> {
    if (this.isSaving) return;
    this.isSaving = true;
    this.error = null;
    this.saved = [];
    this.redraw();
    const { files, home } = this.services;
    try {
      this.saved = (await files.save(toJson(this.report, home), toText(this.report, home))) ?? [];
    } catch (thrown) {
      this.error = thrown;
    } finally {
      this.isSaving = false;
      this.redraw();
    }
  }

  /** Photoshop did not survive these: they are not asked again. */
  private get crashed(): readonly Outcome[] {
    return this.outcomes.filter(({ end }) => end === 'crashed');
  }

  private get report(): Report {
    const { facts, memory } = this.services;
    return { facts, outcomes: this.outcomes, running: this.running, profile: memory.profile };
  }

  private async keep(): Promise<void> {
    // Where nothing can be kept, only a crash is not explained.
    await this.services.files.write(toJson(this.report, this.services.home)).catch(() => {});
  }

  private redraw(): void {
    this.draw(this.view);
  }
}
