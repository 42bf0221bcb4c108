import { describe, expect, test, vi } from 'vitest';
import { MASK_POLICIES, type Settings } from '../../plugin/settings/settings.ts';
import type { HostDocument } from '../../simulator/index.ts';
import { addedStates, CommandsFixture } from './commands-fixture.ts';
import { expectSame } from './expect-same.ts';
import {
  addChannel,
  combine,
  describe as describeDocument,
  type Expected,
  locate,
  lookOf,
  type Prediction,
  predict,
  valuesOf,
} from './expected.ts';
import { createMask, createRandomDocument, createRandomFaults, Random } from './random-document.ts';
import { createSettings, disturb } from './random-run.ts';

vi.mock('../../plugin/host/uxp.ts', async () => (await import('./live-photoshop.ts')).uxp);

/** `npm run property -- 2000`; a seed after it repeats one run. */
const RUNS = Number(process.env.HAIRLINE_RUNS ?? 150);
const ONLY = process.env.HAIRLINE_SEED;

const ends = new Map<string, number>();
const note = (end: string) => ends.set(end, (ends.get(end) ?? 0) + 1);

describe('whatever happens, a document is exactly as before or exactly as it should be', () => {
  test(`${RUNS} random runs`, async () => {
    const violations: string[] = [];
    const seeds = ONLY ? [Number(ONLY)] : Array.from({ length: RUNS }, (_, index) => index + 1);
    for (const seed of seeds) {
      await run(seed).then(note, (error) => violations.push(`HAIRLINE_SEED=${seed}: ${error.message}`));
    }
    const table = [...ends].sort((a, b) => b[1] - a[1]).map(([end, count]) => `${end} ${count}`);
    console.log(`${seeds.length} runs, ${violations.length} violations: ${table.join(', ')}`);
    expect(violations).toEqual([]);
    if (ONLY) return;
    // The test is worth nothing if it only ever refuses.
    for (const end of ['done', 'cancelled', 'SERVER_LOST', 'refined: done'])
      expect(ends.get(end)).toBeGreaterThan(RUNS / 150);
  }, 3_600_000);
});

async function run(seed: number): Promise<string> {
  const random = new Random(seed * 7919);
  const faults = createRandomFaults(random);
  const rig = new CommandsFixture({ faults });
  const doc = createRandomDocument(random, rig.photoshop);
  const settings = createSettings(random);
  const prediction = predict(doc, settings, rig.photoshop.faults);
  const others = [0, 50].map((contrast) =>
    predict(doc, { ...settings, edge: { ...settings.edge, contrast } }, rig.photoshop.faults),
  );
  const before = { snapshot: doc.snapshot(), states: doc.historyStates.length, described: describeDocument(doc) };
  disturb(random, rig);
  const meddling = random.chance(0.08) ? meddle(random, rig, doc, settings) : null;
  const end = await rig.run(settings);
  const added = addedStates(doc, before.states);
  const about = `${end} ${rig.detail} ${JSON.stringify({ ...settings, ...faults })}`;
  expect(added.length, about).toBeLessThanOrEqual(1);
  if (meddling?.snapshot) {
    // What the user did stays; of the run is nothing there.
    const refusal = 'refusal' in prediction ? prediction.refusal : '';
    expect(['cancelled', 'SERVER_LOST', refusal, meddling.code], about).toContain(end);
    expect(doc.snapshot(), about).toBe(meddling.snapshot);
    expect(added, about).toEqual([]);
    return end;
  }
  if (end === 'done') {
    if ('refusal' in prediction) throw new Error(`should be ${prediction.refusal}: ${about}`);
    expect(added, about).toEqual([prediction.expected.history]);
    expectSame(doc, prediction.expected, about);
    if (rig.result?.refinable) await refine(random, rig, doc, settings, prediction.expected, others);
    while (doc.history.position >= before.states) doc.undo();
  } else if (end !== 'cancelled' && end !== 'SERVER_LOST') {
    expect('refusal' in prediction ? prediction.refusal : 'done', about).toBe(end);
  }
  if (end !== 'done') expect(added, about).toEqual([]);
  expect(doc.snapshot(), about).toBe(before.snapshot);
  if (end !== 'done')
    expect(
      doc.activeLayers.map(({ id }) => id),
      about,
    ).toEqual(before.described.active);
  return end;
}

/** Changes the edge of the run's mask, which may have been painted on. */
async function refine(
  random: Random,
  rig: CommandsFixture,
  doc: HostDocument,
  settings: Settings,
  first: Expected,
  others: readonly Prediction[],
): Promise<void> {
  const refinable = rig.result!.refinable!;
  const { layerId } = refinable.put.facts.target;
  const layer = doc.layerById(layerId)!;
  const isPainted = random.chance(0.4);
  if (isPainted) {
    layer.mask = createMask(random, doc);
    doc.history.record('Brush');
  }
  const isForgotten = random.chance(0.3);
  if (isForgotten) rig.client.forgetMattes();
  const contrast = random.pick([0, 50]);
  const asked = { ...settings, existingMask: random.pick(MASK_POLICIES), edge: { ...settings.edge, contrast } };
  const before = {
    states: doc.historyStates.length,
    snapshot: doc.snapshot(),
    mask: valuesOf(doc, layer.mask!),
    look: lookOf(layer),
  };
  rig.photoshop.onModalEnter = undefined;
  rig.client.onPicture = () => {};
  disturb(random, rig);
  const end = await rig.apply(refinable, asked);
  note(`refined: ${end}`);
  const { faults } = rig.photoshop;
  const about = `refined: ${end} ${rig.detail} ${JSON.stringify({ asked, isPainted, isForgotten, ...faults })}`;
  const other = others[contrast === 0 ? 0 : 1]!;
  if (end !== 'done') {
    expect(doc.snapshot(), about).toBe(before.snapshot);
    expect(addedStates(doc, before.states), about).toEqual([]);
    if (end === 'cancelled' || end === 'SERVER_LOST') return;
    const reasons = [
      isForgotten && settings.source === 'composite' ? 'MATTE_LOST' : '',
      'refusal' in other ? other.refusal : '',
      isPainted && asked.existingMask === 'ask' ? 'MASK_EXISTS' : '',
      // Where Photoshop does not tell bounds without the mask, painting on it looks like moving.
      isPainted && faults.boundsNoMaskMissing && !faults.boundsIgnoreMask ? 'LAYER_CHANGED' : '',
    ];
    expect(reasons, about).toContain(end);
    return;
  }
  expect(addedStates(doc, before.states), about).toEqual(['Hairline mask']);
  if ('refusal' in other) throw new Error(`should be ${other.refusal}: ${about}`);
  // By its old id: a Background may have another one now.
  const { siblings, index } = locate(first.layers, first.active[0] as number)!;
  const target = siblings[index]!;
  if (isPainted) {
    addChannel(first, `${layer.name} mask`, before.mask);
    // The server has not seen what was painted.
    const policy = asked.existingMask === 'refine' ? 'replace' : asked.existingMask;
    target.mask = combine(policy, before.mask, other.values[0]!);
    target.look = policy === 'replace' ? [100, 0] : before.look;
  } else {
    const same = locate(other.expected.layers, target.id as number)!;
    target.mask = same.siblings[same.index]!.mask;
  }
  expectSame(doc, first, about);
}

/** The user makes the result impossible while the server works. `snapshot`: what they left, once they have. */
function meddle(random: Random, rig: CommandsFixture, doc: HostDocument, settings: Settings) {
  const meddling = { code: 'DOCUMENT_CLOSED', snapshot: '' };
  const [layer] = doc.activeLayers;
  const isPlain = doc.activeLayers.length === 1 && layer?.pixels && !layer.mask && settings.source === 'layers';
  const how = random.pick(isPlain ? ['close', 'crop', 'move', 'delete'] : ['close', 'crop']);
  if (how === 'crop') meddling.code = 'DOCUMENT_CHANGED';
  if (how === 'move') meddling.code = 'LAYER_CHANGED';
  if (how === 'delete') meddling.code = 'LAYER_DELETED';
  rig.client.onPicture = () => {
    if (meddling.snapshot) return;
    if (how === 'close') rig.photoshop.close(doc);
    if (how === 'crop') doc.width += 1;
    if (how === 'move') layer!.pixels = { ...layer!.pixels!, left: layer!.pixels!.left - 1 };
    if (how === 'delete') {
      const siblings = doc.siblingsOf(layer!);
      siblings.splice(siblings.indexOf(layer!), 1);
      doc.activeLayers = [];
    }
    meddling.snapshot = doc.snapshot();
  };
  return meddling;
}
