import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PluginError } from '../../../plugin/errors.ts';
import { OneRun } from '../../../plugin/session/one-run.ts';
import { Session } from '../../../plugin/session/session.ts';
import type { View } from '../../../plugin/session/state.ts';
import type { Settings } from '../../../plugin/settings/settings.ts';
import { SettingsMemory } from '../../../plugin/settings/settings-memory.ts';
import { describeServer, describeView } from '../../../plugin/ui/messages.ts';
import { en } from '../../../words/panel/en.ts';
import { FakeClient } from '../fake-client.ts';
import { FakeHost } from '../fake-host.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const host = new FakeHost();
  const client = new FakeClient();
  const views: View[] = [];
  const kept = new Map<string, string>();
  const memory = new SettingsMemory(() => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
  }));
  const openLauncher = vi.fn<() => Promise<void>>(async () => {});
  const readPermittedOrigins = vi.fn<() => Promise<string[] | 'all'>>(async () => ['http://127.0.0.1:7867']);
  const record = vi.fn<(settings: Settings) => Promise<void>>(async () => {});
  const around = { memory, record, openLauncher, readPermittedOrigins };
  const session = new Session(host, client, around, new OneRun(), (view) => views.push(view));
  return { host, client, kept, memory, record, openLauncher, readPermittedOrigins, views, session };
}

test('shows every stage of a run and how it ended', async () => {
  const { session, views } = start();
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'done' });
  const names = views.map(({ panel }) => panel.name);
  expect([...new Set(names)]).toEqual(['reading', 'searching', 'uploading', 'waiting', 'writing', 'done']);
});

test('the server line names what really ran', async () => {
  const { session, client, views } = start();
  client.matte = (
    (matte) =>
    async (...args) => ({ ...(await matte(...args)), model: 'bshm', provider: 'cuda' })
  )(client.matte);
  await session.maskSubject();
  expect(describeServer(views.at(-1)!.server, en)).toBe('bshm on GPU: CUDA');
});

test('one run at a time; the second is told so and the first goes on', async () => {
  const { session } = start();
  const first = session.maskSubject();
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'failed', error: { code: 'ALREADY_RUNNING' } });
  await expect(first).resolves.toMatchObject({ name: 'done' });
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'asking' });
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
  const { session, client, memory, views } = start();
  session.choose({ subject: 'object', refine: 'fast' });
  expect(views.at(-1)?.settings.subject).toBe('object');
  expect(memory.settings.refine).toBe('fast');
  await session.maskSubject();
  expect(client.requests.map(({ subject, refine }) => [subject, refine])).toEqual([['object', 'fast']]);
});

test('ignores choices during a run, and disables them', async () => {
  const { session, client, kept, views } = start();
  client.onStage = () => {
    const before = views.length;
    session.choose({ subject: 'object' });
    expect(views.slice(before).map(({ settings }) => settings.subject)).toEqual(['portrait']);
    expect(kept.size).toBe(0);
  };
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'done' });
  expect(client.requests.map(({ subject }) => subject)).toEqual(['portrait']);
});

test('shows the introduction until a mask was made', async () => {
  const { session, client } = start();
  expect(session.view.newcomer).toBe(true);
  client.matteError = new PluginError('SERVER_LOST');
  await session.maskSubject();
  expect(session.view.newcomer).toBe(true);
  client.matteError = null;
  await session.maskSubject();
  expect(session.view.newcomer).toBe(false);
});

test('polls a missing server less and less often, and a running one rarely', async () => {
  const { session, client, views } = start();
  client.connectError = new PluginError('NOT_RUNNING');
  let looks = 0;
  client.onStage = () => void looks++;
  session.watchServer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBeGreaterThan(3);
  expect(looks).toBeLessThan(9);
  expect(views.at(-1)?.server.name).toBe('offline');
  client.connectError = null;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(describeServer(views.at(-1)!.server, en)).toBe('isnet on CPU');
  looks = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(3);
  client.connectError = new PluginError('NOT_RUNNING');
  await vi.advanceTimersByTimeAsync(25_000);
  expect(views.at(-1)?.server.name).toBe('offline');
  session.stop();
});

test('one late answer does not count as a missing server', async () => {
  const { session, client, views } = start();
  session.watchServer();
  await vi.advanceTimersByTimeAsync(10);
  client.connectError = new PluginError('NOT_RUNNING');
  client.onStage = () => setTimeout(() => (client.connectError = null), 1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(views.map(({ server }) => server.name)).not.toContain('offline');
  session.stop();
});

test('keeps naming the model that really ran, until the server goes', async () => {
  const { session, client, views } = start();
  client.matte = (
    (matte) =>
    async (...args) => ({ ...(await matte(...args)), model: 'bshm', provider: 'cuda' })
  )(client.matte);
  session.watchServer();
  await session.maskSubject();
  await vi.advanceTimersByTimeAsync(50_000);
  expect(describeServer(views.at(-1)!.server, en)).toBe('bshm on GPU: CUDA');
  client.connectError = new PluginError('NOT_RUNNING');
  await vi.advanceTimersByTimeAsync(30_000);
  client.connectError = null;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(describeServer(views.at(-1)!.server, en)).toBe('isnet on CPU');
  session.stop();
});

test('says its place in the queue while a run waits', async () => {
  const { session, client, views } = start();
  const { matte } = client;
  const { ready } = client.server;
  client.matte = async (server, request, cancel, progress) => {
    progress.onSent();
    client.server = { ...client.server, ready: { ...ready!, queued: 4, place: 3 } };
    await cancel.sleep(10_000);
    return matte(server, request, cancel, progress);
  };
  session.watchServer();
  await vi.advanceTimersByTimeAsync(10);
  const run = session.maskSubject();
  await vi.advanceTimersByTimeAsync(5000);
  expect(describeView(views.at(-1)!, en).hint).toBe('Position in the queue: 3. You can keep working in Photoshop.');
  await vi.advanceTimersByTimeAsync(10_000);
  await expect(run).resolves.toMatchObject({ name: 'done' });
  session.stop();
});

test('stops watching when the plugin is unloaded', async () => {
  const { session, client } = start();
  client.connectError = new PluginError('NOT_RUNNING');
  session.watchServer();
  await vi.advanceTimersByTimeAsync(10);
  session.stop();
  await vi.advanceTimersByTimeAsync(10);
  expect(vi.getTimerCount()).toBe(0);
});

test('starts the server with its launcher, and says so until it answers', async () => {
  const { session, client, openLauncher, views } = start();
  client.connectError = new PluginError('NOT_RUNNING');
  session.watchServer();
  await vi.advanceTimersByTimeAsync(10);
  session.intents.startServer();
  session.intents.startServer();
  await vi.advanceTimersByTimeAsync(5000);
  expect(openLauncher).toHaveBeenCalledTimes(1);
  expect(views.at(-1)?.server.name).toBe('starting');
  client.connectError = null;
  await vi.advanceTimersByTimeAsync(2000);
  expect(views.at(-1)?.server.name).toBe('online');
  session.stop();
});

test('says why the server could not be started, and still notices when it is', async () => {
  const { session, client, openLauncher, views } = start();
  const offline = () => views.at(-1)?.server;
  client.connectError = new PluginError('NOT_RUNNING');
  openLauncher.mockRejectedValueOnce(new PluginError('LAUNCH_FAILED'));
  session.watchServer();
  await vi.advanceTimersByTimeAsync(10);
  session.intents.startServer();
  await vi.advanceTimersByTimeAsync(40_000);
  expect(offline()).toMatchObject({ error: { code: 'LAUNCH_FAILED' } });
  session.intents.startServer();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(offline()).toMatchObject({ error: { code: 'LAUNCH_TIMED_OUT' } });
  client.connectError = null;
  await vi.advanceTimersByTimeAsync(40_000);
  expect(offline()?.name).toBe('online');
  session.stop();
});

test('takes an address that Photoshop lets it use, and looks there at once', async () => {
  const { session, client, memory, readPermittedOrigins } = start();
  let looks = 0;
  client.onStage = () => void looks++;
  await expect(session.intents.chooseAddress(' 7867 ')).resolves.toBe(true);
  expect([memory.address, session.view.address]).toEqual(['http://127.0.0.1:7867', 'http://127.0.0.1:7867']);
  expect(looks).toBe(1);
  await expect(session.intents.chooseAddress('http://127.0.0.1:9000')).resolves.toBe(false);
  expect(memory.address).toBe('http://127.0.0.1:7867');
  readPermittedOrigins.mockRejectedValue(new Error('no such file'));
  await expect(session.intents.chooseAddress('localhost:7869/')).resolves.toBe(true);
  await expect(session.intents.chooseAddress('')).resolves.toBe(true);
  expect(memory.address).toBe('');
  session.stop();
});

test('asks once what becomes of a mask, and remembers the answer only when told to', async () => {
  const { session, host, memory, views } = start();
  await session.maskSubject();
  await expect(session.maskSubject()).resolves.toEqual({ name: 'asking', layer: 'Portrait', refines: true });
  await session.answer('replace', false);
  expect(views.at(-1)?.panel.name).toBe('done');
  expect([host.channels.length, memory.settings.existingMask]).toEqual([1, 'ask']);
  await session.maskSubject();
  await session.answer('add', true);
  await expect(session.maskSubject()).resolves.toMatchObject({ name: 'done' });
  expect([host.channels.length, memory.settings.existingMask]).toEqual([3, 'add']);
});

test('leaves the old mask alone when the question is cancelled', async () => {
  const { session, host, client, views } = start();
  await session.maskSubject();
  await session.maskSubject();
  const asked = client.requests.length;
  session.cancel();
  expect(views.at(-1)?.panel.name).toBe('cancelled');
  await session.answer('replace', true);
  expect([client.requests.length, host.history.length]).toEqual([asked, 1]);
});

/** After a mask, with its edge section open. */
async function lookAtEdge() {
  const all = start();
  await all.session.maskSubject();
  all.session.edge.look(206);
  await vi.advanceTimersByTimeAsync(200);
  return { ...all, preview: () => all.views.at(-1)!.edge.preview! };
}

test('shows what the edge controls would do, without a network run', async () => {
  const { session, client, preview } = await lookAtEdge();
  expect(preview()).toMatchObject({ layer: 'Portrait', aspect: 1.5, stale: false, error: null });
  expect(preview().url).toMatch(/^data:image\/png;base64,AAAA/);
  expect(client.edges.at(-1)).toMatchObject({ width: 6, output: 'composition', background: 'checker', shift: 0 });
  session.edge.change({ ...session.edge.controls, shift: 2 });
  session.edge.showOn('mask');
  expect(preview().stale).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  expect(client.edges.at(-1)).toMatchObject({ shift: 2, output: 'alpha' });
  expect([client.edges.length, client.requests.length, preview().stale]).toEqual([2, 1, false]);
});

test('requests no preview while the edge section is hidden or a run is in progress', async () => {
  const { session, client } = await lookAtEdge();
  session.edge.look(null);
  session.edge.change({ ...session.edge.controls, shift: 2 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(client.edges.length).toBe(1);
});

test('silently makes a matte again that the server has dropped', async () => {
  const { session, client, views, preview } = await lookAtEdge();
  client.kept.clear();
  const before = views.length;
  session.edge.showOn('red');
  await vi.advanceTimersByTimeAsync(500);
  expect(client.requests.length).toBe(2);
  expect(preview()).toMatchObject({ stale: false, error: null });
  expect(new Set(views.slice(before).map(({ panel }) => panel.name))).toEqual(new Set(['done']));
});

test('a new run pauses the preview, which continues after it', async () => {
  const { session, host, client, preview } = await lookAtEdge();
  client.kept.clear();
  let during = 0;
  host.onStage = (stage) => {
    if (stage !== 'read') return;
    host.onStage = () => {};
    // While the preview reads the layer again.
    void session.applyEdge().then(() => {
      during = client.requests.length;
    });
  };
  session.edge.showOn('red');
  await vi.advanceTimersByTimeAsync(1000);
  expect([during, host.history.length]).toEqual([2, 2]);
  expect(preview()).toMatchObject({ stale: false, error: null });
});

test('writes the edge once when asked to, and looks at what it wrote', async () => {
  const { session, host, client, preview, memory } = await lookAtEdge();
  session.edge.change({ ...session.edge.controls, feather: 3 });
  await session.applyEdge();
  expect(host.history).toHaveLength(2);
  expect(client.edges.filter(({ width }) => width === undefined)).toMatchObject([{ feather: 3 }]);
  await vi.advanceTimersByTimeAsync(500);
  expect(preview()).toMatchObject({ stale: false, error: null });
  expect([session.edge.controls.feather, memory.settings.edge.feather]).toEqual([3, 0]);
});

test('new masks get the edge only when that was asked for', async () => {
  const { session, memory } = await lookAtEdge();
  session.edge.keep(true);
  session.edge.change({ ...session.edge.controls, contrast: 20 });
  expect(memory.settings.edge.contrast).toBe(20);
  expect(session.view.edge.kept).toBe(true);
  session.edge.keep(false);
  expect([memory.settings.edge.contrast, session.edge.controls.contrast]).toEqual([0, 20]);
});

test('a preview that fails says why, and the next one may work', async () => {
  const { session, client, preview } = await lookAtEdge();
  const { preview: real } = client;
  client.preview = async () => {
    throw new PluginError('SERVER_LOST');
  };
  session.edge.showOn('white');
  await vi.advanceTimersByTimeAsync(500);
  expect(preview().error).toMatchObject({ code: 'SERVER_LOST' });
  client.preview = real;
  session.edge.showOn('black');
  await vi.advanceTimersByTimeAsync(500);
  expect(preview()).toMatchObject({ error: null, stale: false });
});
