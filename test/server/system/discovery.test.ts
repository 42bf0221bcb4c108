import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import { probe, readDiscovery, removeDiscovery, writeDiscovery } from '../../../server/system/discovery.ts';

let folder: string;
let server: Server;
let port: number;
let health: object;
let slowness = 0;

beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'hairline config ')), 'made on demand');
  health = { name: 'hairline', version: '1.2.3', protocol: PROTOCOL_VERSION };
  slowness = 0;
  server = createServer((_, response) => setTimeout(() => response.end(JSON.stringify(health)), slowness));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(path.dirname(folder), { recursive: true, force: true });
});

const announce = (change: object = {}) => {
  const discovery = { port, pid: process.pid, version: '1.2.3', startedAt: new Date().toISOString(), ...change };
  return writeDiscovery(folder, discovery).then(() => discovery);
};
const file = () => path.join(folder, 'server.json');

test('a running server is found', async () => {
  const discovery = await announce();
  expect(await readDiscovery(folder)).toEqual(discovery);
  expect(await readdir(folder)).toEqual(['server.json']);
});

test.skipIf(process.platform === 'win32')('the file is for its owner only', async () => {
  await announce();
  expect((await stat(file())).mode & 0o777).toBe(0o600);
});

test('no file, a garbled one and one of another shape are no server', async () => {
  expect(await readDiscovery(folder)).toBeNull();
  await announce();
  for (const text of ['', '{"port":', '[]', 'null', '{"port":"7866","pid":1,"version":"1","startedAt":""}']) {
    await writeFile(file(), text);
    expect(await readDiscovery(folder)).toBeNull();
  }
});

test('a file left by a process that has died is no server', async () => {
  await announce({ pid: 2 ** 30 });
  expect(await readDiscovery(folder)).toBeNull();
});

test('another program on the port, or a server of another protocol, is not taken for ours', async () => {
  await announce();
  for (const answer of [{}, { name: 'other', protocol: PROTOCOL_VERSION }, { name: 'hairline', protocol: 999 }]) {
    health = answer;
    expect(await readDiscovery(folder)).toBeNull();
  }
});

test('a server that is busy loading a model is found by a patient probe', async () => {
  const discovery = await announce();
  slowness = 300;
  expect(await readDiscovery(folder, 50)).toBeNull();
  expect(await readDiscovery(folder, 10_000)).toEqual(discovery);
});

test('a port where nothing listens is no server', async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(await probe(port)).toBeNull();
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
});

test('only the server that wrote the file deletes it', async () => {
  await announce({ pid: 12345 });
  await removeDiscovery(folder);
  expect(await readFile(file(), 'utf8')).toContain('12345');
  await announce();
  await removeDiscovery(folder);
  expect(await readdir(folder)).toEqual([]);
  await removeDiscovery(folder);
});
