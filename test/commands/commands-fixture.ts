import { expect } from 'vitest';
import { Cancellation } from '../../plugin/cancellation.ts';
import { applyEdge } from '../../plugin/commands/apply-edge.ts';
import { type BatchOptions, type Job, type JobState, runBatch } from '../../plugin/commands/batch.ts';
import { maskSubject } from '../../plugin/commands/mask-subject.ts';
import type { Refinable, Result } from '../../plugin/commands/result.ts';
import { createPhotoshopHost } from '../../plugin/host/photoshop-host.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../plugin/settings/settings.ts';
import { type HostDocument, type HostOptions, SimulatedPhotoshop } from '../../simulator/index.ts';
import { en } from '../../words/panel/en.ts';
import { usePhotoshop } from './live-photoshop.ts';
import { PictureClient } from './picture-client.ts';

/**
 * The commands on the simulated Photoshop without a panel. Its tests must begin with
 * `vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp)`.
 */
export class CommandsFixture {
  readonly photoshop: SimulatedPhotoshop;
  readonly client = new PictureClient();
  readonly host = createPhotoshopHost(en.host);
  cancel = new Cancellation();
  result: Result | null = null;
  /** What Photoshop said when the last run failed. */
  detail = '';

  constructor(options: HostOptions = {}) {
    this.photoshop = new SimulatedPhotoshop(options);
    usePhotoshop(this.photoshop);
  }

  /** Answers `done`, `cancelled` or the code of the failure. */
  run(wish: Partial<Settings> = {}): Promise<string> {
    const settings = { ...DEFAULT_SETTINGS, ...wish };
    return this.#end((cancel) => maskSubject(this.host, this.client, settings, cancel, () => {}));
  }

  apply(refinable: Refinable, wish: Partial<Settings> = {}): Promise<string> {
    const settings = { ...DEFAULT_SETTINGS, ...wish };
    return this.#end((cancel) => applyEdge(this.host, this.client, refinable, settings, cancel, () => {}));
  }

  /** `states`: the last line of every document that had one. */
  async batch(jobs: readonly Job[], options: BatchOptions): Promise<{ end: string; states: Map<number, JobState> }> {
    const states = new Map<number, JobState>();
    const never = () => Promise.reject(new Error('no copies are asked for'));
    const documents = { openDocuments: () => [], chooseFolder: never, saveCopy: never };
    const workshop = { host: this.host, client: this.client, documents, now: () => 0 };
    const end = await this.#end(async (cancel) => {
      await runBatch(workshop, jobs, options, cancel, (id, state) => states.set(id, state));
      return null;
    });
    return { end, states };
  }

  async #end(start: (cancel: Cancellation) => Promise<Result | null>): Promise<string> {
    this.cancel = new Cancellation();
    this.result = null;
    try {
      this.result = await start(this.cancel);
      return 'done';
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.name === 'Cancelled') return 'cancelled';
      this.detail = 'detail' in error ? String(error.detail) : '';
      if ('code' in error && error.code !== 'UNEXPECTED') return String(error.code);
      throw error;
    } finally {
      expect(this.photoshop.imageDataAlive).toBe(0);
      expect(this.photoshop.isModal).toBe(false);
    }
  }
}

/** The names of the states that were added. */
export function addedStates(doc: HostDocument, before: number): string[] {
  return doc.historyStates.slice(before).map(({ name }) => name);
}
