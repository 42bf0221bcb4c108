import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '../../../../protocol/limits.ts';
import type { Health, ModelInfo, Ready } from '../../../../protocol/schemas/status.ts';
import { VERSION } from '../../../../server/system/package-root.ts';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { Gate, listenWith, OPAQUE } from '../../server-fixture.ts';
import { post, rawHeaders } from '../../talk.ts';

let server: StandInServer;
let bare: StandInServer;
beforeAll(async () => {
  server = await startStandInServer();
  bare = await startStandInServer({}, { install: false });
});
afterAll(() => Promise.all([server.close(), bare.close()]));

const health: Health = { name: 'hairline', version: VERSION, protocol: PROTOCOL_VERSION };
const get = async (port: number, address: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${address}`);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  return { status: response.status, json: await response.json() };
};

describe('GET /health', () => {
  it('identifies the server, with and without a model', async () => {
    for (const { port } of [server, bare]) expect(await get(port, '/health')).toEqual({ status: 200, json: health });
  });
});

describe('GET /ready', () => {
  it('is 200 once the model is loaded', async () => {
    const ready: Ready = {
      ...health,
      ready: true,
      state: 'ready',
      model: 'stand-in',
      provider: 'cpu',
      label: 'CPU',
      reason: null,
      queued: 0,
      place: null,
    };
    expect(await get(server.port, '/ready')).toEqual({ status: 200, json: ready });
  });

  it('is 503 in the same shape without the model', async () => {
    const { status, json } = await get(bare.port, '/ready');
    expect(status).toBe(503);
    expect(json).toEqual({
      ...health,
      ready: false,
      state: 'missing',
      model: 'stand-in',
      provider: null,
      label: null,
      reason: expect.stringMatching(/^[A-Z].*\.$/),
      queued: 0,
      place: null,
    });
  });

  it('tells an installed model from one that is being loaded', async () => {
    const gate = new Gate();
    const stage = await listenWith(async () => gate.pass().then(OPAQUE));
    try {
      expect((await get(stage.port, '/ready')).json).toMatchObject({ state: 'installed', ready: false, reason: null });
      gate.open();
      await post(stage.port, { headers: rawHeaders(1, 1, 3), body: new Uint8Array(3) });
      expect((await get(stage.port, '/ready')).json).toMatchObject({ state: 'ready', ready: true });
    } finally {
      await stage.close();
    }
  });
});

describe('GET /v1/models', () => {
  it('lists every model with its state', async () => {
    const row = { id: 'stand-in', name: 'Stand-in', purpose: 'Tests', license: 'MIT', default: true, downloadBytes: 0 };
    const { bytes = 0 } = server.registry.resolve('auto').weights;
    const models: ModelInfo[] = [{ ...row, state: 'ready', bytes }];
    expect(await get(server.port, '/v1/models')).toEqual({ status: 200, json: { models } });
    expect((await get(bare.port, '/v1/models')).json).toEqual({ models: [{ ...row, state: 'missing', bytes }] });
  });
});
