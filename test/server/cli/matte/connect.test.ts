import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Refine, Subject } from '../../../../protocol/matte.ts';
import { connect, openRegistry } from '../../../../server/cli/matte/connect.ts';
import { findServer } from '../../../../server/cli/matte/connection.ts';
import { loadConfig } from '../../../../server/config/config.ts';
import { startServer } from '../../../../server/main.ts';
import { recipeOf, writeManifest } from '../../../../server/registry/install/manifest.ts';
import { recordTerminal } from '../recorder.ts';

// The ports of this computer and the networks are left out of it.
vi.mock('../../../../server/cli/matte/connection.ts', async (original) => ({
  ...(await original<object>()),
  findServer: vi.fn(),
}));
vi.mock('../../../../server/main.ts', () => ({ startServer: vi.fn() }));

const close = vi.fn(async () => {});
let cacheDir: string;
let web: Server | undefined;

beforeEach(async () => {
  vi.clearAllMocks();
  cacheDir = await mkdtemp(path.join(os.tmpdir(), 'hairline connect '));
  vi.mocked(findServer).mockResolvedValue(null);
  const ready = Promise.resolve();
  const running = { url: 'http://127.0.0.1:1', port: 1, ready, best: ready, close } as Partial<
    Awaited<ReturnType<typeof startServer>>
  >;
  vi.mocked(startServer).mockResolvedValue(running as Awaited<ReturnType<typeof startServer>>);
});
afterEach(async () => {
  web?.close();
  web = undefined;
  await rm(cacheDir, { recursive: true, force: true });
});

interface Wanted {
  model?: string;
  subject: Subject;
  refine?: Refine;
}

function start(wanted: Wanted, signal = new AbortController().signal) {
  const { model = 'auto', subject, refine = 'best' } = wanted;
  const recorder = recordTerminal();
  const config = loadConfig({ cacheDir, ...(model !== 'auto' && { model }) }, {});
  return { recorder, connected: connect({ model, subject, refine }, config, recorder.terminal, signal) };
}

/** A file of the right size, without taking the space. */
async function install(id: string): Promise<void> {
  const spec = openRegistry(loadConfig({ cacheDir }, {})).resolve(id);
  const { file, bytes = 1, sources } = spec.weights;
  const folder = path.join(cacheDir, 'models', id);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, file), '');
  await truncate(path.join(folder, file), bytes);
  const recipe = recipeOf(spec, sources[0]!.derive ?? []);
  await writeManifest(folder, { file, bytes, sha256: '0'.repeat(64), source: 'http', origin: 'a test', recipe });
}

test.each<[Subject, string]>([
  ['portrait', 'Robust Video Matting'],
  ['object', 'ISNet'],
])('without a server, the model is fetched first (%s: %s)', async (subject, name) => {
  const { recorder, connected } = start({ subject }, AbortSignal.abort());
  await expect(connected).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(recorder.err).toContain(`The model is downloaded once. ${name}`);
  expect(startServer).not.toHaveBeenCalled();
});

test.each([{ subject: 'object' }, { subject: 'portrait', model: 'isnet' }] as const)(
  'a server of our own has the model for %o and no other',
  async (wanted) => {
    await install('isnet');
    const { recorder, connected } = start(wanted);
    const connection = await connected;
    expect(recorder.err).toBe('');
    expect(vi.mocked(startServer).mock.calls[0]?.[0]).toMatchObject({ model: 'isnet', ports: [0] });
    await connection.close();
    expect(close).toHaveBeenCalledOnce();
  },
);

test.each<[Refine, boolean]>([
  ['best', true],
  ['fast', false],
])('a server of our own is waited for until it has all models of refine=%s', async (refine, more) => {
  await install('rvm');
  let arrive = () => {};
  const best = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const running = await startServer(loadConfig({}, {}));
  // As the server does: without `prefetch` there is nothing to wait for.
  vi.mocked(startServer).mockImplementation(async (_config, options) => ({
    ...running,
    best: options?.prefetch ? best : Promise.resolve(),
  }));
  const { recorder, connected } = start({ subject: 'portrait', refine });
  const first = await Promise.race([connected.then(() => 'connected'), delay(200, 'waits')]);
  expect(first).toBe(more ? 'waits' : 'connected');
  expect(recorder.err.includes('ISNet')).toBe(more);
  arrive();
  await connected;
});

test('a running server is asked for its list only where that tells which model it will use', async () => {
  const asked: string[] = [];
  const row = { name: 'Model', purpose: '', license: '', bytes: 0, downloadBytes: 0, state: 'installed' };
  const models = [
    { ...row, id: 'rvm', default: true },
    { ...row, id: 'isnet', default: false },
  ];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.end(JSON.stringify({ models }));
  });
  web = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.mocked(findServer).mockResolvedValue(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await start({ subject: 'object' }).connected;
  expect(asked).toEqual([]);
  await start({ subject: 'portrait' }).connected;
  await start({ subject: 'object', model: 'isnet' }).connected;
  expect(asked).toEqual(['/v1/models', '/v1/models']);
});
