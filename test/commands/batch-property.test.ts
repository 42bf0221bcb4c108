import { describe, expect, test, vi } from 'vitest';
import { readBatchStep, writeBatchStep } from '../../plugin/actions/step.ts';
import { createJobs } from '../../plugin/commands/batch.ts';
import { PluginError } from '../../plugin/errors.ts';
import type { Settings } from '../../plugin/settings/settings.ts';
import { addedStates, CommandsFixture } from './commands-fixture.ts';
import { expectSame } from './expect-same.ts';
import { type Prediction, predict } from './expected.ts';
import { createRandomDocument, createRandomFaults, Random } from './random-document.ts';
import { createSettings, disturb } from './random-run.ts';

vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp);

/** A batch has several documents, so a fifth of what was asked for is as much work. */
const RUNS = Math.ceil(Number(process.env.HAIRLINE_RUNS ?? 150) / 5);
const ONLY = process.env.HAIRLINE_SEED;

const ends = new Map<string, number>();

describe('whatever happens to a batch, every document is exactly as before or exactly as its line says', () => {
  test(`${RUNS} random batches`, async () => {
    const violations: string[] = [];
    const seeds = ONLY ? [Number(ONLY)] : Array.from({ length: RUNS }, (_, index) => index + 1);
    for (const seed of seeds) {
      await run(seed).catch((error) => violations.push(`HAIRLINE_SEED=${seed}: ${error.message}`));
    }
    const table = [...ends].sort((a, b) => b[1] - a[1]).map(([end, count]) => `${end} ${count}`);
    console.log(`${seeds.length} batches, ${violations.length} violations: ${table.join(', ')}`);
    expect(violations).toEqual([]);
    if (ONLY) return;
    for (const end of ['done', 'waiting', 'MASK_EXISTS']) expect(ends.get(end), end).toBeGreaterThan(0);
  }, 3_600_000);
});

async function run(seed: number): Promise<void> {
  const random = new Random(seed * 104_729);
  const rig = new CommandsFixture({ faults: createRandomFaults(random) });
  const docs = Array.from({ length: 3 }, () => createRandomDocument(random, rig.photoshop));
  const wished = { settings: createSettings(random), redoMasked: random.chance(0.5), save: null };
  // As an Action keeps it and plays it.
  const options = readBatchStep(JSON.parse(JSON.stringify(writeBatchStep(wished))));
  const decided: Settings = options.redoMasked ? options.settings : { ...options.settings, existingMask: 'ask' };
  const predictions = docs.map((doc) => predict(doc, decided, rig.photoshop.faults));
  const before = docs.map((doc) => ({ snapshot: doc.snapshot(), states: doc.historyStates.length }));
  const looked = random.pick(docs);
  rig.photoshop.activeDocument = looked;
  if (random.chance(0.7)) disturb(random, rig);
  rig.client.onPicture = () => {};
  const { end, states } = await rig.batch(createJobs(docs), options);
  const about = `${end} ${JSON.stringify({ ...options, ...rig.photoshop.faults })}`;
  expect(rig.photoshop.activeDocument, about).toBe(looked);
  // One that was stopped between two documents has no line for the next.
  const ended = [...states.values()].filter(({ name }) => name !== 'waiting').length;
  expect(ended === docs.length || end === 'cancelled', about).toBe(true);
  for (const [index, doc] of docs.entries()) {
    const state = states.get(doc.id) ?? { name: 'waiting', masked: null };
    const code = 'error' in state ? codeOf(state.error) : state.name;
    ends.set(code, (ends.get(code) ?? 0) + 1);
    const added = addedStates(doc, before[index]!.states);
    if (state.name === 'done') {
      const { expected } = predictions[index] as Extract<Prediction, { expected: unknown }>;
      if (!expected) throw new Error(`should be ${JSON.stringify(predictions[index])}: ${about}`);
      expect(added, about).toEqual([expected.history]);
      expectSame(doc, expected, about);
    } else {
      expect(added, about).toEqual([]);
      expect(doc.snapshot(), about).toBe(before[index]!.snapshot);
      if (state.name === 'waiting' || code === 'SERVER_LOST') continue;
      const prediction = predictions[index]!;
      expect('refusal' in prediction ? prediction.refusal : 'done', about).toBe(code);
      expect(state.name === 'skipped', about).toBe(code === 'MASK_EXISTS');
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof PluginError && error.code !== 'UNEXPECTED') return error.code;
  throw error;
}
