import sharp from 'sharp';
import { afterEach, expect, it } from 'vitest';
import type { ErrorBody } from '../../protocol/schemas/failure.ts';
import type { JobInfo } from '../../protocol/schemas/job.ts';
import { type StandInServer, startStandInServer } from '../fixtures/stand-in.ts';
import { seeded } from '../server/random.ts';
import { until } from '../server/server-fixture.ts';
import { expectedAlpha, rawHeaders } from '../server/talk.ts';

let server: StandInServer;
afterEach(() => server.close());

const CLIENTS = 12;
const ROUNDS = 12;
const SIDE = 24;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

type Outcome = 'right' | 'cancelled' | 'left';

it('serves many programs at once, each with the answers to its own pictures', async () => {
  server = await startStandInServer({ maxJobs: 6, concurrency: 2, keepJobsFor: 60_000 });
  const base = `http://127.0.0.1:${server.port}`;
  const gauges = async () => {
    const text = await (await fetch(`${base}/metrics`)).text();
    const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    return ['hairline_jobs', 'hairline_turns_waiting', 'hairline_turns_running', 'hairline_queue_length'].map(value);
  };

  /** Sends until there is room, as a client should. */
  async function send(path: string, init: RequestInit): Promise<Response> {
    for (;;) {
      const response = await fetch(base + path, init);
      if (response.status !== 503) return response;
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      const { error } = (await response.json()) as ErrorBody;
      expect(error.code).toBe('QUEUE_FULL');
      await pause(20);
    }
  }

  async function expectGray(response: Response, gray: number): Promise<Outcome> {
    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    const isPng = response.headers.get('content-type') === 'image/png';
    const alpha = isPng ? await sharp(bytes).toColorspace('b-w').raw().toBuffer() : bytes;
    expect(alpha).toHaveLength(SIDE * SIDE);
    const wanted = expectedAlpha(gray / 255, 255);
    expect(Math.max(...alpha.map((value) => Math.abs(value - wanted)))).toBeLessThanOrEqual(1);
    return 'right';
  }

  async function work(name: string, random: () => number): Promise<Outcome> {
    const gray = Math.floor(random() * 256);
    const samples = new Uint8Array(SIDE * SIDE * 3).fill(gray);
    const agent = { 'user-agent': name };
    const raw = { method: 'POST', headers: { ...agent, ...rawHeaders(SIDE, SIDE, 3) }, body: samples };
    const kind = Math.floor(random() * 5);
    if (kind === 0) return expectGray(await send('/v1/mattes', raw), gray);
    if (kind === 1) {
      const picture = sharp(samples, { raw: { width: SIDE, height: SIDE, channels: 3 } });
      const form = new FormData();
      form.append('file', new Blob([new Uint8Array(await picture.png().toBuffer())]), 'a.png');
      form.append('om', 'true');
      return expectGray(await send('/api/remove', { method: 'POST', headers: agent, body: form }), gray);
    }
    if (kind === 2) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), random() * 20);
      const response = await send('/v1/mattes', { ...raw, signal: controller.signal }).catch(() => null);
      return response?.status === 200 ? expectGray(response, gray).catch(() => 'left') : 'left';
    }
    const accepted = await send('/v1/mattes', { ...raw, headers: { ...raw.headers, prefer: 'respond-async' } });
    expect(accepted.status).toBe(202);
    const place = accepted.headers.get('location')!;
    if (kind === 3) {
      const removed = await fetch(base + place, { method: 'DELETE' });
      expect(removed.status).toBe(204);
      return 'cancelled';
    }
    let info: JobInfo;
    do {
      await pause(10);
      info = (await (await fetch(base + place)).json()) as JobInfo;
      expect(['queued', 'running', 'done']).toContain(info.state);
    } while (info.state !== 'done');
    const outcome = await expectGray(await fetch(base + info.result!), gray);
    await fetch(base + place, { method: 'DELETE' });
    return outcome;
  }

  const tally: Record<Outcome, number> = { right: 0, cancelled: 0, left: 0 };
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const random = seeded(client);
    for (let round = 0; round < ROUNDS; round++) tally[await work(`client-${client}`, random)]++;
  });
  await Promise.all(clients);
  expect(tally.right + tally.cancelled + tally.left).toBe(CLIENTS * ROUNDS);
  expect(Math.min(...Object.values(tally))).toBeGreaterThan(0);
  await until(async () => (await gauges()).every((value) => value === 0));
});

it('admits a picture of one client while another keeps filling every place', async () => {
  server = await startStandInServer({ maxJobs: 8, concurrency: 1 });
  const picture = (name: string, side: number) =>
    fetch(`http://127.0.0.1:${server.port}/v1/mattes`, {
      method: 'POST',
      headers: { ...rawHeaders(side, side, 3), 'user-agent': name },
      body: new Uint8Array(side * side * 3),
    });
  let ended = false;
  let batch = 0;
  const greedy = Array.from({ length: 16 }, async () => {
    while (!ended) {
      const response = await picture('greedy', 200);
      await response.arrayBuffer();
      if (response.status === 200) batch++;
      else expect(response.status).toBe(503);
      await pause(2);
    }
  });
  await until(() => batch > 2);
  for (let i = 0; i < 5; i++) {
    const before = batch;
    const response = await picture('panel', 8);
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    // One is worked on, one may be begun before it, and answers may be under way; eight are waiting.
    expect(batch - before).toBeLessThanOrEqual(4);
  }
  ended = true;
  await Promise.all(greedy);
});
