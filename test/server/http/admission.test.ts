import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Ready } from '../../../protocol/schemas/status.ts';
import { Admission } from '../../../server/http/admission.ts';
import { seeded } from '../random.ts';
import { Gate, listenWith, nextDeparture, OPAQUE, type Stage, until } from '../server-fixture.ts';
import { expectError, lines, post, rawHeaders, talk } from '../talk.ts';

describe('Admission', () => {
  const full = expect.objectContaining({ code: 'QUEUE_FULL' });

  it('counts places', () => {
    const admission = new Admission(2, 1000);
    const leave = admission.enter(1, 'a');
    admission.enter(1, 'a');
    expect(() => admission.enter(1, 'a')).toThrow(full);
    leave();
    admission.enter(1, 'a');
    expect(admission.jobs).toBe(2);
  });

  it('counts bytes, but lets one through alone', () => {
    const admission = new Admission(9, 1000);
    const leave = admission.enter(5000, 'a');
    expect(() => admission.enter(1, 'a')).toThrow(full);
    leave();
    admission.enter(600, 'a');
    admission.enter(400, 'a');
    expect(() => admission.enter(1, 'a')).toThrow(full);
  });

  it('keeps one place beyond its limits for a client that has none inside', () => {
    const admission = new Admission(2, 1000);
    admission.enter(500, 'a');
    admission.enter(500, 'a');
    expect(() => admission.enter(1, 'a')).toThrow(full);
    const leave = admission.enter(400, 'b');
    expect([admission.jobs, admission.bytes]).toEqual([3, 1400]);
    for (const client of ['a', 'b', 'c']) expect(() => admission.enter(1, client)).toThrow(full);
    leave();
    expect(() => admission.enter(1, 'a')).toThrow(full);
    admission.enter(1, 'c');
    expect(() => admission.enter(1, 'b')).toThrow(full);
  });

  it('counts back to nothing after any sequence', () => {
    const random = seeded(7);
    const admission = new Admission(5, 1000);
    const inside: { leave: () => void; bytes: number }[] = [];
    for (let i = 0; i < 5000; i++) {
      const bytes = Math.floor(random() * 1500);
      if (random() < 0.5) {
        try {
          inside.push({ leave: admission.enter(bytes, String(Math.floor(random() * 4))), bytes });
        } catch (error) {
          expect(error).toEqual(full);
          expect(inside.length).toBeGreaterThan(0);
        }
      } else inside.splice(Math.floor(random() * inside.length), 1)[0]?.leave();
      expect(admission.jobs).toBe(inside.length);
      expect(admission.bytes).toBe(inside.reduce((sum, each) => sum + each.bytes, 0));
      expect(admission.jobs).toBeLessThanOrEqual(6);
      expect(admission.bytes).toBeLessThanOrEqual(1500 + 1500);
    }
    for (const { leave } of inside) leave();
    expect([admission.jobs, admission.bytes]).toEqual([0, 0]);
  });

  it('takes a place back once', () => {
    const admission = new Admission(2, 1000);
    const leave = admission.enter(1000, 'a');
    leave();
    leave();
    expect(admission.jobs).toBe(0);
    admission.enter(600, 'a');
    expect(() => admission.enter(600, 'a')).toThrow(full);
  });
});

describe('the queue of a server', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  const pixel = { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) };

  it('tells a waiting client its own place only', async () => {
    const gate = new Gate();
    stage = await listenWith(async () => gate.pass().then(OPAQUE), { concurrency: 1 });
    const as = (client: string) => ({ ...pixel, headers: { ...pixel.headers, 'user-agent': client } });
    const look = async (client: string) => {
      const answer = await fetch(`http://127.0.0.1:${stage.port}/ready`, { headers: { 'user-agent': client } });
      return (await answer.json()) as Ready;
    };
    const clients = ['first', 'other', 'panel'];
    const held: ReturnType<typeof post>[] = [];
    for (const client of clients) {
      held.push(post(stage.port, as(client)));
      await until(async () => (await look('nobody')).queued === held.length);
    }
    const places = (await Promise.all([...clients, 'nobody'].map(look))).map(({ place }) => place);
    gate.open();
    for (const answer of await Promise.all(held)) expect(answer.status).toBe(200);
    expect(places).toEqual([null, 1, 2, null]);
    expect((await look('panel')).place).toBeNull();
  });

  it('refuses the request that is one too many, then takes the next', async () => {
    const gate = new Gate();
    stage = await listenWith(async () => gate.pass().then(OPAQUE), { maxJobs: 3 });
    const held = [1, 2, 3].map(() => post(stage.port, pixel));
    await until(() => gate.waiting === 1 && stage.engine.queued === 3);
    const ready = await (await fetch(`http://127.0.0.1:${stage.port}/ready`)).json();
    expect(ready).toMatchObject({ ready: true, queued: 3 });
    expectError(await post(stage.port, pixel), 'QUEUE_FULL');
    gate.open();
    for (const answer of await Promise.all(held)) expect(answer.status).toBe(200);
    expect((await post(stage.port, pixel)).status).toBe(200);
    expect(stage.engine.queued).toBe(0);
  });

  it('counts the bytes that requests announce before any of them comes', async () => {
    stage = await listenWith(async () => OPAQUE(), { maxJobBytes: 1000 });
    const size = rawHeaders(300, 1, 3);
    const headers = Object.entries({ ...size, 'content-length': '900' }).map(([name, value]) => `${name}: ${value}`);
    const waiting = connect(stage.port, '127.0.0.1', () =>
      waiting.write(lines(stage.port, 'POST /v1/mattes', [...headers, 'Expect: 100-continue'])),
    );
    await new Promise((resolve) => waiting.once('data', resolve));
    expectError(await talk(stage.port, lines(stage.port, 'POST /v1/mattes', headers)), 'QUEUE_FULL');
    expect((await post(stage.port, pixel)).status).toBe(200);
    const answer = new Promise<Buffer>((resolve) => waiting.once('data', resolve));
    waiting.write(Buffer.alloc(900));
    expect((await answer).toString('latin1')).toMatch(/^HTTP\/1\.1 200/);
    waiting.destroy();
  });

  it.each(['while they wait', 'while theirs runs'])(
    'clients that disconnect %s give their place back',
    async (when) => {
      const gates: Gate[] = [];
      let open = false;
      stage = await listenWith(
        async () => {
          const gate = new Gate();
          gates.push(gate);
          if (!open) await gate.pass();
          return OPAQUE();
        },
        { maxJobs: 2 },
      );
      for (let i = 0; i < 20; i++) {
        const runs = gates.length;
        const controllers = [new AbortController(), new AbortController()];
        const send = ({ signal }: AbortController) => post(stage.port, { ...pixel, signal }).catch(() => null);
        const first = send(controllers[0]!);
        await until(() => gates.length === runs + 1);
        const second = send(controllers[1]!);
        await until(() => stage.engine.queued === 2);
        const left = nextDeparture(stage);
        if (when === 'while theirs runs') controllers[0]!.abort();
        else controllers[1]!.abort();
        await left;
        gates.at(-1)!.open();
        if (when === 'while they wait') {
          expect(await first).toMatchObject({ status: 200 });
        } else {
          await until(() => gates.length === runs + 2);
          gates.at(-1)!.open();
          expect(await second).toMatchObject({ status: 200 });
        }
        await until(() => stage.engine.queued === 0);
      }
      open = true;
      const answers = await Promise.all([post(stage.port, pixel), post(stage.port, pixel)]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    },
  );

  it('releases the places of pipelined requests whose client has disconnected', async () => {
    const gate = new Gate();
    stage = await listenWith(async () => gate.pass().then(OPAQUE), { maxJobs: 3 });
    const headers = Object.entries({ ...pixel.headers, 'content-length': '3' });
    const text = lines(
      stage.port,
      'POST /v1/mattes',
      headers.map(([name, value]) => `${name}: ${value}`),
      'abc',
    );
    const socket = connect(stage.port, '127.0.0.1', () => socket.write(text.repeat(3)));
    await until(() => stage.engine.queued === 3);
    const left = nextDeparture(stage);
    socket.destroy();
    await left;
    gate.open();
    await until(() => stage.engine.queued === 0);
    const answers = await Promise.all([1, 2, 3].map(() => post(stage.port, pixel)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('does not run the network for a client that has disconnected', async () => {
    const gate = new Gate();
    let runs = 0;
    stage = await listenWith(async () => {
      runs++;
      await gate.pass();
      return OPAQUE();
    });
    const first = post(stage.port, pixel);
    await until(() => gate.waiting === 1);
    const controller = new AbortController();
    const second = post(stage.port, { ...pixel, signal: controller.signal }).catch(() => null);
    await until(() => stage.engine.queued === 2);
    const left = nextDeparture(stage);
    controller.abort();
    await Promise.all([second, left]);
    gate.open();
    expect((await first).status).toBe(200);
    await until(() => stage.engine.queued === 0);
    expect(runs).toBe(1);
  });

  it('releases the place when a client disconnects during a long answer', async () => {
    stage = await listenWith(async () => OPAQUE(), { maxJobs: 1 });
    const side = 2000;
    const headers = Object.entries({ ...rawHeaders(side, side, 3), 'content-length': `${side * side * 3}` });
    const start = lines(
      stage.port,
      'POST /v1/mattes?output=cutout',
      headers.map(([name, value]) => `${name}: ${value}`),
    );
    for (let i = 0; i < 5; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(stage.port, '127.0.0.1', () => {
          socket.write(start);
          socket.write(Buffer.alloc(side * side * 3));
        });
        socket.once('data', () => socket.resetAndDestroy());
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
      });
      let answer = await post(stage.port, pixel);
      for (let attempt = 0; attempt < 100 && answer.status === 503; attempt++) answer = await post(stage.port, pixel);
      expect(answer.status).toBe(200);
    }
  });

  it('continues after a failed run', async () => {
    const outcomes: (() => ReturnType<typeof OPAQUE>)[] = [
      () => {
        throw new Error('the driver is gone');
      },
      () => ({ output: { data: new Float32Array(16).fill(Number.NaN), dims: [1, 1, 4, 4] } }),
      () => ({ output: { data: new Float32Array(3), dims: [3] } }),
      OPAQUE,
    ];
    stage = await listenWith(async () => (outcomes.shift() ?? OPAQUE)(), { maxJobs: 1 });
    for (let i = 0; i < 3; i++) {
      const sentence = expectError(await post(stage.port, pixel), 'INFERENCE_FAILED');
      expect(sentence).not.toContain('driver');
    }
    expect((await post(stage.port, pixel)).status).toBe(200);
  });
});
