import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Connection, findServer } from '../../../../server/cli/matte/connection.ts';
import { loadConfig } from '../../../../server/config/config.ts';
import { writeDiscovery } from '../../../../server/system/discovery.ts';
import { startStandInServer } from '../../../fixtures/stand-in.ts';

let web: Server | undefined;

afterEach(async () => {
  web?.closeAllConnections();
  await new Promise<void>((resolve) => (web ? web.close(() => resolve()) : resolve()));
  web = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  web = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const picture = {
  bytes: new Uint8Array(4),
  type: 'image/png',
  model: 'auto',
  subject: 'portrait',
  depth: 16,
} as const;
const open = (url: string, signal = new AbortController().signal) => new Connection(url, signal);
const queueFull = JSON.stringify({ error: { code: 'QUEUE_FULL', message: 'Busy.', hint: '' } });

test('a busy server is asked again after the time it names', async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    if (++asked < 3) return response.writeHead(503, { 'retry-after': '0.01' }).end(queueFull);
    response.setHeader('x-image-width', 2).setHeader('x-image-height', 1).setHeader('x-image-depth', 16);
    response.setHeader('x-model', 'm').setHeader('x-provider', 'cpu');
    response.end(new Uint8Array([0, 0, 255, 255]));
  });
  expect(await open(url).matte(picture)).toEqual({
    alpha: { width: 2, height: 1, data: Uint16Array.of(0, 65535) },
    model: 'm',
    provider: 'cpu',
    hasSubject: true,
  });
  expect(asked).toBe(3);
});

test('the subject is passed on, and a model that is being downloaded is waited for', async () => {
  const asked: (string | null)[] = [];
  const downloading = JSON.stringify({ error: { code: 'MODEL_DOWNLOADING', message: 'Coming.', hint: '' } });
  const url = await serve(({ url: address }, response) => {
    asked.push(new URL(address!, 'http://localhost').searchParams.get('subject'));
    if (asked.length < 3) return response.writeHead(503, { 'retry-after': '0.01' }).end(downloading);
    response.setHeader('x-image-width', 1).setHeader('x-image-height', 1).setHeader('x-image-depth', 8);
    response.end(new Uint8Array(1));
  });
  const messages: string[] = [];
  await open(url).matte({ ...picture, subject: 'object' }, (message) => messages.push(message));
  expect(messages).toEqual(['Coming.', 'Coming.']);
  expect(asked).toEqual(['object', 'object', 'object']);
});

test("the server's own sentence is passed on, and anything else is explained", async () => {
  const bodies = [
    '{"error":{"code":"IMAGE_TOO_LARGE","message":"Too many pixels."}}',
    '<html>',
    '{"error":{"code":"X"}}',
  ];
  const url = await serve((_, response) => response.writeHead(500).end(bodies.shift()));
  await expect(open(url).matte(picture)).rejects.toMatchObject({
    code: 'IMAGE_TOO_LARGE',
    message: 'Too many pixels.',
  });
  await expect(open(url).matte(picture)).rejects.toMatchObject({ code: 'INTERNAL' });
  await expect(open(url).matte(picture)).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('a server that dies in the middle is said to have stopped', async () => {
  const url = await serve((_, response) => response.destroy());
  await expect(open(url).matte(picture)).rejects.toThrow('stopped answering');
});

test('an interrupt ends the wait', async () => {
  const stop = new AbortController();
  const url = await serve(() => stop.abort());
  await expect(open(url, stop.signal).matte(picture)).rejects.toMatchObject({ name: 'AbortError' });
});

test('a server that announced itself is found', async () => {
  const server = await startStandInServer();
  const configDir = await mkdtemp(path.join(os.tmpdir(), 'hairline config '));
  try {
    const config = { ...loadConfig({}, {}), configDir };
    await writeDiscovery(configDir, { port: server.port, pid: process.pid, version: '1', startedAt: '' });
    expect(await findServer(config)).toBe(server.url);
    const [model] = await open(server.url).models();
    expect(model).toMatchObject({ id: 'stand-in', default: true });
  } finally {
    await server.close();
    await rm(configDir, { recursive: true });
  }
});
