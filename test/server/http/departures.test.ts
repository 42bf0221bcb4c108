import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, MatteTask, WorkOptions } from '../../../server/engine/engine.ts';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { seeded } from '../random.ts';
import { Gate, listenWith, OPAQUE, type Stage, until } from '../server-fixture.ts';
import { post, rawHeaders } from '../talk.ts';

/** Clients that disconnect at any moment: everything they held is released. */

const SIDE = 160;
const random = seeded(20_261_122);
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

let server: StandInServer;
let png: Buffer;
let streams: Readable[] = [];
const sockets = new Set<Socket>();
beforeAll(async () => {
  const samples = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => Math.round(random() * 255));
  png = await sharp(samples, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toBuffer();
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  streams = [];
});

async function start(): Promise<void> {
  server = await startStandInServer({ isolate: true, maxJobs: 64, keepJobsFor: 200 });
  const { engine } = server;
  const matte = engine.matte.bind(engine);
  engine.matte = async (task: MatteTask, body: Buffer, options: WorkOptions): Promise<Answer> => {
    const answer = await matte(task, body, options);
    if (answer.body instanceof Readable) streams.push(answer.body);
    return answer;
  };
}

async function gauge(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)![1]);
}

/** Nothing is left of any client, and the same child serves the next picture. */
async function expectNothingLeft(): Promise<void> {
  for (const name of ['hairline_jobs', 'hairline_turns_waiting', 'hairline_turns_running', 'hairline_jobs_known'])
    await expect.poll(() => gauge(name), { message: name, timeout: 20_000 }).toBe(0);
  expect(await gauge('hairline_job_result_bytes')).toBe(0);
  await expect.poll(() => streams.filter((stream) => !stream.destroyed).length, { timeout: 20_000 }).toBe(0);
  expect(server.engine.queued).toBe(0);
  expect(server.engine.restarts).toBe(0);
  const answer = await post(server.port, { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) });
  expect(answer.status).toBe(200);
}

const FORM = 'multipart/form-data; boundary=x';
const form = () =>
  Buffer.concat([
    Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'),
    png,
    Buffer.from('\r\n--x--\r\n'),
  ]);

function request(start: string, headers: readonly string[] = [], body: Buffer = Buffer.alloc(0)): Buffer {
  const lines = [`${start} HTTP/1.1`, `Host: 127.0.0.1:${server.port}`, `Content-Length: ${body.length}`, ...headers];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

const matteOf = (query: string, ...headers: string[]) =>
  request(`POST /v1/mattes?${query}`, ['Content-Type: image/png', ...headers], png);

const REQUESTS: readonly (() => Buffer)[] = [
  () => matteOf('output=psd'),
  () => matteOf('output=psd&cutout-layer=true&depth=16'),
  () => matteOf('output=cutout', 'Range: bytes=0-9', 'If-None-Match: *'),
  () => matteOf('output=alpha', 'Expect: 100-continue'),
  () => matteOf('output=psd', 'Prefer: respond-async'),
  () => matteOf('output=cutout', 'Prefer: respond-async, wait=1'),
  () => matteOf('output=cutout', 'Prefer: wait=1'),
  () => request('POST /v1/mattes', [`Content-Type: ${FORM}`], form()),
  () => request('POST /api/remove?ppm=true', [`Content-Type: ${FORM}`], form()),
  () => request('POST /api/remove', [`Content-Type: ${FORM}`, 'Prefer: respond-async, wait=1'], form()),
  () => request('HEAD /ready'),
  () => request('GET /health'),
];

function open(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
}

/** Sends one to three requests at once, perhaps not all of the last one, and leaves after some time or some bytes. */
async function leaveSomewhere(): Promise<void> {
  const all = Buffer.concat(Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(REQUESTS)()));
  const sent = random() < 0.3 ? all.subarray(0, Math.floor(random() * all.length)) : all;
  const trailing = random() < 0.1 ? 'GARBAGE\r\n\r\n' : '';
  const [patience, appetite] = [random() * 400, random() < 0.5 ? random() * 100_000 : Number.POSITIVE_INFINITY];
  const rude = random() < 0.5;
  const socket = await open(server.port);
  let taken = 0;
  const enough = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      taken += chunk.length;
      if (taken > appetite) resolve();
    });
    socket.on('close', () => resolve());
  });
  if (random() < 0.2) socket.pause();
  socket.write(Buffer.concat([sent, Buffer.from(trailing)]));
  await Promise.race([enough, delay(patience)]);
  if (rude) socket.resetAndDestroy();
  else socket.destroy();
}

it('clients that disconnect at random moments leave nothing behind', async () => {
  await start();
  for (let round = 0; round < 30; round++) await Promise.all(Array.from({ length: 8 }, leaveSomewhere));
  await expectNothingLeft();
  await server.close();
}, 240_000);

describe('an answer without end', () => {
  let stage: Stage;
  const gate = new Gate();
  const metric = async () => (await stage.app.inject({ url: '/metrics', headers: { host: 'localhost' } })).body;
  beforeAll(async () => {
    stage = await listenWith(async () => OPAQUE());
    stage.engine.matte = async ({ background }: MatteTask) => {
      if (background === 'red') await gate.pass();
      const body = Readable.from(zeros(), { objectMode: false });
      streams.push(body);
      return { type: 'image/png', headers: {}, body, timings: {} };
    };
  });
  afterAll(() => stage.close());

  const tiny = (query: string) =>
    `POST /v1/mattes?${query} HTTP/1.1\r\nHost: 127.0.0.1:${stage.port}\r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\na`;
  const expectGone = async () => {
    await until(() => streams.every((stream) => stream.destroyed));
    await until(async () => /^hairline_jobs 0$/m.test(await metric()));
  };

  it('that waits behind another one goes with its client', async () => {
    const socket = await open(stage.port);
    socket.write(tiny('background=red') + tiny('output=cutout'));
    await until(() => streams.length === 1);
    // Node keeps the second answer back until the first one is there, and drops it without a word.
    socket.destroy();
    await until(() => socket.closed);
    gate.open();
    await until(() => streams.length === 2);
    await expectGone();
  });

  it('that is not read any more is given up', async () => {
    stage.app.server.timeout = 300;
    const socket = await open(stage.port);
    socket.pause();
    socket.write(tiny('output=cutout'));
    await expectGone();
  });
});

function* zeros(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}
