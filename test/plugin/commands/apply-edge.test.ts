import { expect, test } from 'vitest';
import { Cancellation } from '../../../plugin/cancellation.ts';
import { applyEdge, renewMatte } from '../../../plugin/commands/apply-edge.ts';
import { maskSubject } from '../../../plugin/commands/mask-subject.ts';
import type { Refinable } from '../../../plugin/commands/result.ts';
import type { LayerFacts } from '../../../plugin/host/host.ts';
import { DEFAULT_SETTINGS, type MaskPolicy, type Settings } from '../../../plugin/settings/settings.ts';
import { NEUTRAL_EDGE } from '../../../protocol/edge.ts';
import { FakeClient } from '../fake-client.ts';
import { FakeHost } from '../fake-host.ts';

const softer: Settings = { ...DEFAULT_SETTINGS, edge: { ...NEUTRAL_EDGE, feather: 2 } };

async function start(facts: Partial<LayerFacts> = {}) {
  const host = new FakeHost(facts);
  const client = new FakeClient();
  const cancel = new Cancellation();
  const report = () => {};
  const first = await maskSubject(host, client, DEFAULT_SETTINGS, cancel, report);
  const apply = (refinable: Refinable, settings = softer) =>
    applyEdge(host, client, refinable, settings, cancel, report);
  return { host, client, cancel, apply, refinable: first.refinable! };
}

const fill = (host: FakeHost, id = 3) => new Set(host.masks.get(id)!.data);

test('writes the mask again from the kept matte: no second picture is sent', async () => {
  const { host, client, apply, refinable } = await start();
  const again = await apply(refinable);
  expect(fill(host)).toEqual(new Set([128]));
  expect(client.requests.length).toBe(1);
  expect(client.edges).toEqual([{ ...NEUTRAL_EDGE, feather: 2, depth: 8 }]);
  expect(host.history).toEqual(['mask', 'mask']);
  expect(host.channels).toEqual([]);
  // And once more, from where that left it.
  client.edgeLevel = 1;
  await apply(again.refinable!);
  expect(fill(host)).toEqual(new Set([255]));
});

test('neutral controls give the matte itself back', async () => {
  const { client, apply, refinable } = await start();
  await apply(refinable, DEFAULT_SETTINGS);
  expect(client.edges).toEqual([{ ...NEUTRAL_EDGE, depth: 8 }]);
});

test('a Background is another layer by then', async () => {
  const { host, apply, refinable } = await start({ background: true });
  host.facts.background = false;
  await apply(refinable);
  expect([...host.masks.keys()]).toEqual([103]);
});

test('a dropped matte is computed again without a question', async () => {
  const { host, client, apply, refinable } = await start();
  client.kept.clear();
  const again = await apply(refinable);
  expect(client.requests.length).toBe(2);
  expect(host.reads.length).toBe(2);
  expect(fill(host)).toEqual(new Set([128]));
  expect(again.refinable?.matteId).toBe('matte-2');
});

test('previews go on after the matte is renewed', async () => {
  const { host, client, cancel, refinable } = await start();
  client.kept.clear();
  const renewed = await renewMatte(host, client, refinable, cancel, () => {});
  await client.preview(client.server, renewed.matteId!, {}, cancel);
  expect(host.history.length).toBe(1);
});

test('says so when the server keeps nothing at all', async () => {
  const { client, apply, refinable } = await start();
  client.kept.clear();
  client.keepsMattes = false;
  await expect(apply(refinable)).rejects.toMatchObject({ code: 'NOT_KEPT' });
});

test('edge controls of a first run are applied to it', async () => {
  const host = new FakeHost({ depth: 16 });
  await maskSubject(host, new FakeClient(), softer, new Cancellation(), () => {});
  expect(fill(host)).toEqual(new Set([32768]));
});

test.each<[MaskPolicy, number]>([
  ['replace', 128],
  ['intersect', 40],
  ['add', 128],
  ['subtract', 40],
])('keeps a mask that was painted on as a channel, then: %s', async (existingMask, value) => {
  const { host, apply, refinable } = await start();
  const painted = { ...host.masks.get(3)!, data: new Uint8Array(24).fill(40) };
  host.masks.set(3, painted);
  await expect(apply(refinable, { ...softer, existingMask: 'ask' })).rejects.toMatchObject({ code: 'MASK_EXISTS' });
  expect(host.masks.get(3)).toBe(painted);
  await apply(refinable, { ...softer, existingMask });
  expect(fill(host)).toEqual(new Set([value]));
  expect(host.channels).toEqual([{ name: 'Portrait mask', alpha: painted }]);
});

test('a run that was combined with an older mask is combined with it again', async () => {
  const host = new FakeHost();
  const client = new FakeClient();
  const [cancel, report] = [new Cancellation(), () => {}];
  host.masks.set(3, { width: 6, height: 4, depth: 8, data: new Uint8Array(24).fill(100) });
  const intersect: Settings = { ...softer, existingMask: 'intersect' };
  client.edgeLevel = 0.1;
  const { refinable } = await maskSubject(host, client, intersect, cancel, report);
  expect(fill(host)).toEqual(new Set([26]));
  client.edgeLevel = 1;
  await applyEdge(host, client, refinable!, intersect, cancel, report);
  expect(fill(host)).toEqual(new Set([100]));
  expect(host.channels.length).toBe(1);
});

test.each<[string, Partial<LayerFacts>]>([
  ['DOCUMENT_CHANGED', { width: 7 }],
  ['LAYER_CHANGED', { bounds: { left: 1, top: 0, right: 6, bottom: 4 } }],
  ['LAYER_LOCKED', { lock: 'layer' }],
])('%s since the run: nothing is written', async (code, change) => {
  const { host, apply, refinable } = await start();
  const before = host.masks.get(3);
  Object.assign(host.facts, change);
  await expect(apply(refinable)).rejects.toMatchObject({ code });
  expect(host.masks.get(3)).toBe(before);
});
