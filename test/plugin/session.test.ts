import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PluginError } from '../../plugin/errors.ts';
import { Session } from '../../plugin/session.ts';
import { describeServer } from '../../plugin/ui/messages.ts';
import type { View } from '../../plugin/ui/state.ts';
import { en } from '../../plugin/ui/strings.ts';
import { FakeClient } from './fake-client.ts';
import { FakeHost } from './fake-host.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const host = new FakeHost();
  const client = new FakeClient();
  const views: View[] = [];
  const session = new Session(host, client, (view) => views.push(view));
  return { host, client, views, session };
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
  await expect(session.maskSubject()).resolves.toMatchObject({ error: { code: 'HAS_MASK' } });
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
