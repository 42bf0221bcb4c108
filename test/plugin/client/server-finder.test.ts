import { expect, test } from 'vitest';
import { Cancellation, Cancelled } from '../../../plugin/cancellation.ts';
import { createNetwork } from '../../../plugin/client/http.ts';
import { createServerFinder, ORIGINS } from '../../../plugin/client/server-finder.ts';
import { PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import { type Script, scriptXhr } from './fake-xhr.ts';

const health = { name: 'hairline', version: '0.1.0', protocol: PROTOCOL_VERSION };
const ready = { ...health, ready: true, state: 'ready', model: 'isnet', provider: 'cpu', reason: null, queued: 0 };
const refused: Script = { error: 'Network request failed' };

const noFetch = () => Promise.reject(new TypeError('Network request failed'));
const openSocket = () => {
  throw new Error('no WebSocket here');
};

/** Servers by origin; everything else refuses. */
function start(servers: Record<string, unknown>, other: Script = refused, ask: typeof fetch = noFetch) {
  const { create, sent } = scriptXhr((xhr) => {
    const { origin, pathname } = new URL(xhr.url);
    if (!(origin in servers)) return other;
    return { status: 200, body: pathname === '/ready' ? ready : servers[origin] };
  });
  const { http, askForWords } = createNetwork({ createXhr: create, ask, openSocket });
  const find = createServerFinder(http, { askForWords });
  return { find: () => find(new Cancellation()), findWith: find, sent, servers };
}

test('asks every port by address and by name at the same time', async () => {
  const { find, sent } = start({ 'http://localhost:7868': health });
  await expect(find()).resolves.toMatchObject({ origin: 'http://localhost:7868', health, ready });
  const tried = sent.map(({ url }) => url).filter((url) => url.endsWith('/health'));
  expect(tried).toEqual(ORIGINS.filter((origin) => origin.startsWith('http')).map((origin) => `${origin}/health`));
});

test('takes the lowest port when several servers run', async () => {
  const { find } = start({ 'http://127.0.0.1:7869': health, 'http://127.0.0.1:7867': health });
  await expect(find()).resolves.toMatchObject({ origin: 'http://127.0.0.1:7867' });
});

test('remembers the last good port, and looks again when it has gone', async () => {
  const { find, sent, servers } = start({ 'http://127.0.0.1:7868': health });
  await find();
  sent.length = 0;
  await find();
  expect(sent.map(({ url }) => url)).toEqual(['http://127.0.0.1:7868/health', 'http://127.0.0.1:7868/ready']);
  delete servers['http://127.0.0.1:7868'];
  servers['http://127.0.0.1:7866'] = health;
  await expect(find()).resolves.toMatchObject({ origin: 'http://127.0.0.1:7866' });
});

test('skips other programs and servers of another version if a compatible one is running', async () => {
  const { find } = start({
    'http://127.0.0.1:7866': { name: 'something else' },
    'http://127.0.0.1:7867': { ...health, protocol: PROTOCOL_VERSION + 1 },
    'http://127.0.0.1:7868': 'not json',
    'http://127.0.0.1:7869': health,
  });
  await expect(find()).resolves.toMatchObject({ origin: 'http://127.0.0.1:7869' });
});

test.each([
  [PROTOCOL_VERSION - 1, 'SERVER_OLDER'],
  [PROTOCOL_VERSION + 1, 'SERVER_NEWER'],
])('says which side is older (server speaks %i)', async (protocol, code) => {
  const { find } = start({ 'http://127.0.0.1:7866': { ...health, protocol, version: '9.9.9' } });
  await expect(find()).rejects.toMatchObject({ code, values: { version: '9.9.9' } });
});

test('tells a server that is not running from one that Photoshop forbids', async () => {
  await expect(start({}).find()).rejects.toMatchObject({ code: 'NOT_RUNNING', detail: '' });
  const words = 'Permission denied to the url http://127.0.0.1:7866/health. Manifest entry not found.';
  for (const denied of [{ throws: words }, { error: words }]) {
    await expect(start({}, denied).find()).rejects.toMatchObject({ code: 'PERMISSION_DENIED', detail: words });
  }
});

test('asks with fetch, once for each address, where XMLHttpRequest gives no words', async () => {
  const asked: string[] = [];
  const { find } = start({}, { error: '' }, async (url) => {
    asked.push(String(url));
    throw new Error(`Permission denied to the url ${url}. Manifest entry not found.`);
  });
  for (let time = 0; time < 2; time++) await expect(find()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(asked.sort()).toEqual(
    ORIGINS.filter((origin) => origin.startsWith('http'))
      .map((origin) => `${origin}/health`)
      .sort(),
  );
});

test('one address that may be asked and refuses means that nothing runs', async () => {
  const { find } = start({}, { error: '' }, async (url) => {
    throw new Error(
      String(url).includes('localhost') ? 'Network request failed' : `Permission denied to the url ${url}.`,
    );
  });
  await expect(find()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
});

test('begins with what answered in an earlier session, and notes what answers now', async () => {
  const { create, sent } = scriptXhr((xhr) =>
    xhr.url.startsWith('http://localhost:7867')
      ? { status: 200, body: xhr.url.endsWith('/ready') ? ready : health }
      : 'hang',
  );
  function noteRoute(origin: string) {
    memory.route = origin;
  }
  const memory = { route: 'http://localhost:7867', noteRoute };
  const { http } = createNetwork({ createXhr: create, openSocket });
  await createServerFinder(http, { memory })(new Cancellation());
  expect(sent.map(({ url }) => url)).toEqual(['http://localhost:7867/health', 'http://localhost:7867/ready']);
  memory.route = '';
  await createServerFinder(http, { memory })(new Cancellation());
  expect(memory.route).toBe('http://localhost:7867');
});

test('a server that will not say whether it is ready is still a server', async () => {
  const { create } = scriptXhr((xhr) => (xhr.url.endsWith('/health') ? { status: 200, body: health } : refused));
  const find = createServerFinder(createNetwork({ createXhr: create, openSocket }).http);
  await expect(find(new Cancellation())).resolves.toMatchObject({ ready: null });
});

test('stops at once when cancelled, and closes every probe', async () => {
  const { findWith, sent } = start({}, 'hang');
  const cancel = new Cancellation();
  const found = findWith(cancel);
  cancel.cancel();
  await expect(found).rejects.toBeInstanceOf(Cancelled);
  expect(sent.every((xhr) => xhr.aborted)).toBe(true);
});
