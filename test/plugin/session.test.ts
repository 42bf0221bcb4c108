import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PluginError } from '../../plugin/errors.ts';
import { Session } from '../../plugin/session.ts';
import { SubjectMemory } from '../../plugin/subject.ts';
import { describeServer } from '../../plugin/ui/messages.ts';
import type { View } from '../../plugin/ui/state.ts';
import { en } from '../../plugin/ui/strings/en.ts';
import { FakeClient } from './fake-client.ts';
import { FakeHost } from './fake-host.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const host = new FakeHost();
  const client = new FakeClient();
  const views: View[] = [];
  const kept = new Map<string, string>();
  const memory = new SubjectMemory(() => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
  }));
  const session = new Session(host, client, memory, (view) => views.push(view));
  return { host, client, kept, views, session };
}

test('shows every stage of a run and how it ended', async () => {
  const { session, views } = start();
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'done' });
  const names = views.map(({ panel }) => panel.name);
  expect([...new Set(names)]).toEqual(['searching', 'reading', 'uploading', 'waiting', 'writing', 'done']);
});

test('the server line names what really ran', async () => {
  const { session, client, views } = start();
  client.matte = (
    (matte) =>
    async (...args) => ({ ...(await matte(...args)), model: 'bshm', provider: 'cuda' })
  )(client.matte);
  await session.maskSubject();
  expect(describeServer(views.at(-1)!.server, en)).toBe('bshm on GPU (CUDA)');
});

test('one run at a time; the second is told so and the first goes on', async () => {
  const { session } = start();
  const first = session.maskSubject();
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'failed', error: { code: 'ALREADY_RUNNING' } });
  await expect(first).resolves.toMatchObject({ name: 'done' });
  await expect(session.maskSubject()).resolves.toMatchObject({ error: { code: 'MASK_EXISTS' } });
});

test('after cancel no late news is drawn', async () => {
  const { session, client, views } = start();
  client.onStage = (stage) => {
    if (stage === 'upload') session.cancel();
  };
  await expect(session.maskSubject()).resolves.toEqual({ name: 'cancelled' });
  expect(views.map(({ panel }) => panel.name)).not.toContain('waiting');
  expect(views.at(-1)?.panel.name).toBe('cancelled');
});

test('a run asks for what was chosen last', async () => {
  const { session, client, kept, views } = start();
  expect(session.view.subject).toBe('portrait');
  session.chooseSubject('object');
  expect(views.at(-1)?.subject).toBe('object');
  expect([...kept.values()]).toEqual(['object']);
  await session.maskSubject();
  expect(client.requests.map(({ subject }) => subject)).toEqual(['object']);
});

test('a choice during a run is not heard, and the panel shows so', async () => {
  const { session, client, kept, views } = start();
  client.onStage = () => {
    const before = views.length;
    session.chooseSubject('object');
    expect(views.slice(before).map(({ subject }) => subject)).toEqual(['portrait']);
  };
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'done' });
  expect(client.requests.map(({ subject }) => subject)).toEqual(['portrait']);
  expect([session.view.subject, kept.size]).toEqual(['portrait', 0]);
});

test('watches until the server is ready, less and less often', async () => {
  const { session, client, views } = start();
  client.connectError = new PluginError('NOT_RUNNING');
  let looks = 0;
  client.onStage = () => void looks++;
  const watching = session.watchServer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBeGreaterThan(3);
  expect(looks).toBeLessThan(9);
  expect(views.at(-1)?.server.name).toBe('offline');
  client.connectError = null;
  await vi.advanceTimersByTimeAsync(30_000);
  await watching;
  expect(describeServer(views.at(-1)!.server, en)).toBe('isnet on CPU');
});

test('stops watching when the plugin is unloaded', async () => {
  const { session, client } = start();
  client.connectError = new PluginError('NOT_RUNNING');
  const watching = session.watchServer();
  await vi.advanceTimersByTimeAsync(10);
  session.stopWatching();
  await watching;
  expect(vi.getTimerCount()).toBe(0);
});
