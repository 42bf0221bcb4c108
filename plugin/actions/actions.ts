import type { Strings } from '../../words/panel/strings.ts';
import { Cancelled } from '../cancellation.ts';
import type { BatchOptions } from '../commands/batch.ts';
import { holdPhotoshop, recordStep } from '../host/recorder.ts';
import type { BatchSession } from '../session/batch-session.ts';
import type { Session } from '../session/session.ts';
import type { Settings } from '../settings/settings.ts';
import { describeError } from '../ui/messages.ts';
import { readBatchStep, readStep, type StepInfo, writeBatchStep, writeStep } from './step.ts';

/**
 * An Action file holds nothing of a step but one of these names and its info, and Photoshop looks the name up on the
 * global object. Never rename one: every Action recorded with it would stop working.
 */
const MASK_SUBJECT = 'hairlineMaskSubject';
const MASK_ALL = 'hairlineMaskAllDocuments';

/** Records runs as steps of an Action, and plays such steps: in the Actions panel, Batch, droplets, Image Processor. */
export class Actions {
  private readonly session: Session;
  private readonly batch: BatchSession;
  private readonly strings: Strings;

  constructor(session: Session, batch: BatchSession, strings: Strings) {
    this.session = session;
    this.batch = batch;
    this.strings = strings;
  }

  /** What a step answers is its info if the user chose Record Again: then it takes what the panel is set to now. */
  register(): void {
    this.expose(MASK_SUBJECT, async (info) => {
      await this.session.play(readStep(info), holdPhotoshop);
      return writeStep(this.session.settings);
    });
    this.expose(MASK_ALL, async (info) => {
      await this.batch.maskAll(readBatchStep(info), holdPhotoshop);
      return writeBatchStep(this.batch.options);
    });
  }

  /** Does nothing unless an Action is being recorded. Both answer as `recordStep`. */
  recordMask(settings: Settings): Promise<string | null> {
    return recordStep(this.strings.steps.maskSubject, MASK_SUBJECT, writeStep(settings));
  }

  recordBatch(options: BatchOptions): Promise<string | null> {
    return recordStep(this.strings.steps.maskAll, MASK_ALL, writeBatchStep(options));
  }

  private expose(name: string, play: (info: unknown) => Promise<StepInfo>): void {
    const handler = async (_context: unknown, info: unknown) => {
      try {
        return await play(info);
      } catch (thrown) {
        // Photoshop stops the Action and shows the words, or writes them into the log of Batch; no dialog of ours.
        throw new Error(this.explain(thrown));
      }
    };
    // A function of the bundle's own scope is not found; which of the two objects Photoshop searches is not documented.
    Object.assign(globalThis, { [name]: handler });
    if (typeof window !== 'undefined') Object.assign(window, { [name]: handler });
  }

  private explain(thrown: unknown): string {
    if (thrown instanceof Cancelled) return this.strings.status.cancelled[0];
    const { message, hint, detail } = describeError(thrown, this.strings);
    return [message, hint, detail && `(${detail})`].filter((text) => text !== '').join(' ');
  }
}
