import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startStandInServer } from '../../fixtures/stand-in.ts';
import { Gate, listenWith, OPAQUE, until } from '../server-fixture.ts';
import { expectError, lines, parseAnswer, post, rawHeaders } from '../talk.ts';

const pixel = { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) };

describe('closing', () => {
  it('finishes the request that runs and refuses later ones', async () => {
    const gate = new Gate();
    const stage = await listenWith(async () => gate.pass().then(OPAQUE));
    const running = post(stage.port, pixel);
    await until(() => gate.waiting === 1);
    let closed = false;
    const closing = stage.close().then(() => {
      closed = true;
    });
    expectError(await post(stage.port, pixel), 'SHUTTING_DOWN');
    expect(closed).toBe(false);
    gate.open();
    const answer = await running;
    expect([answer.status, ...answer.body]).toEqual([200, 255]);
    await closing;
    await expect(fetch(`http://127.0.0.1:${stage.port}/health`)).rejects.toThrow();
  });

  it('does not wait for clients that say nothing or keep their connection', async () => {
    const stage = await listenWith(async () => OPAQUE());
    const silent = connect(stage.port, '127.0.0.1');
    const halfway = connect(stage.port, '127.0.0.1', () => halfway.write('GET /health HTTP/1.1\r\nHost:'));
    const patient = connect(stage.port, '127.0.0.1', () => patient.write(lines(stage.port, 'GET /health')));
    const answer = await new Promise<Buffer>((resolve) => patient.once('data', resolve));
    expect(parseAnswer(answer)?.status).toBe(200);
    const gone = [silent, halfway, patient].map((socket) => {
      socket.on('error', () => undefined);
      return new Promise((resolve) => socket.once('close', resolve));
    });
    await stage.close();
    await Promise.all(gone);
  });

  it('gives up a client that has left', async () => {
    const gate = new Gate();
    const stage = await listenWith(async () => gate.pass().then(OPAQUE));
    const controller = new AbortController();
    const left = post(stage.port, { ...pixel, signal: controller.signal }).catch(() => 'left');
    await until(() => gate.waiting === 1);
    controller.abort();
    expect(await left).toBe('left');
    gate.open();
    await stage.close();
  });

  it('has no deadline for the pictures in progress', async () => {
    const stage = await listenWith(async () => OPAQUE());
    expect(stage.app.initialConfig.pluginTimeout).toBe(0);
    await stage.close();
  });

  it('frees the port of a whole server, also when it never got its model', async () => {
    for (const install of [true, false]) {
      const server = await startStandInServer({}, { install });
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
      await server.close();
      await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    }
  });
});
