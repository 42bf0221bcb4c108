import { expect, test } from 'vitest';
import { Cancellation, Cancelled } from '../../../plugin/cancellation.ts';
import { maskSubject } from '../../../plugin/commands/mask-subject.ts';
import type { Progress } from '../../../plugin/commands/progress.ts';
import { PluginError, type PluginErrorCode, ServerError } from '../../../plugin/errors.ts';
import type { LayerFacts } from '../../../plugin/host/host.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../plugin/settings/settings.ts';
import { FakeClient } from '../fake-client.ts';
import { FakeHost } from '../fake-host.ts';

function start(facts: Partial<LayerFacts> = {}, wish: Partial<Settings> = {}) {
  const host = new FakeHost(facts);
  const client = new FakeClient();
  const cancel = new Cancellation();
  const progress: Progress[] = [];
  const run = () => maskSubject(host, client, { ...DEFAULT_SETTINGS, ...wish }, cancel, (step) => progress.push(step));
  return { host, client, cancel, progress, run };
}

async function expectRefusal(started: ReturnType<typeof start>, code: PluginErrorCode) {
  await expect(started.run()).rejects.toMatchObject({ name: 'PluginError', code });
  expect(started.host.masks.size).toBe(0);
  expect(started.host.history).toEqual([]);
}

test('masks a layer that fills an 8-bit document, in one history state', async () => {
  const { host, client, progress, run } = start();
  await expect(run()).resolves.toMatchObject({
    layers: [{ layerName: 'Portrait', outcome: 'mask' }],
    model: 'isnet',
    provider: 'cpu',
    refinable: { matteId: 'matte-1', width: 6, height: 4, layerName: 'Portrait' },
  });
  expect(client.requests[0]).toMatchObject({ depth: 8, refine: 'best', picture: { width: 6, height: 4 } });
  expect(host.masks.get(3)).toMatchObject({ width: 6, height: 4, depth: 8, data: new Uint8Array(24).fill(255) });
  expect(host.history).toEqual(['mask']);
  expect(progress.map((step) => step.name)).toEqual([
    'reading',
    'searching',
    'reading',
    'uploading',
    'uploading',
    'waiting',
    'writing',
  ]);
});

test.each([16, 32] as const)('asks for 16-bit alpha in a %i-bit document', async (depth) => {
  const { host, client, run } = start({ depth });
  await run();
  expect(client.requests[0]?.depth).toBe(16);
  expect(host.masks.get(3)?.data).toEqual(new Uint16Array(24).fill(65535));
});

test('reads only the part on the canvas of a layer that sticks out', async () => {
  const { host, client, run } = start({ bounds: { left: -5, top: 2, right: 3, bottom: 90 } });
  await run();
  expect(client.requests[0]?.picture).toMatchObject({ left: 0, top: 2, width: 3, height: 2 });
  expect(host.masks.get(3)?.data).toEqual(
    // biome-ignore format: a picture of the mask
    new Uint8Array([0, 0, 0, 0, 0, 0,
                    0, 0, 0, 0, 0, 0,
                    255, 255, 255, 0, 0, 0,
                    255, 255, 255, 0, 0, 0]),
  );
});

test('places the matte where Photoshop says the trimmed pixels are', async () => {
  const { host, run } = start();
  host.trim = { left: 4, top: 3, right: 6, bottom: 4 };
  await run();
  expect([...host.masks.get(3)!.data].flatMap((value, index) => (value > 0 ? [index] : []))).toEqual([22, 23]);
});

test('converts the Background and masks the layer it becomes', async () => {
  const { host, run } = start({ background: true });
  await run();
  expect([...host.masks.keys()]).toEqual([103]);
  expect(host.history).toEqual(['mask']);
});

test.each<[PluginErrorCode, Partial<LayerFacts>]>([
  ['ARTBOARD', { kind: 'artboard' }],
  ['ADJUSTMENT_LAYER', { kind: 'adjustment' }],
  ['FILL_LAYER', { kind: 'fill' }],
  ['LAYER_LOCKED', { lock: 'layer' }],
  ['GROUP_LOCKED', { lock: 'group' }],
  ['MASK_EXISTS', { hasMask: true }],
  ['COLOR_MODE', { mode: 'indexedColorMode' }],
  ['QUICK_MASK', { quickMask: true }],
  ['EMPTY_LAYER', { bounds: { left: 0, top: 0, right: 0, bottom: 0 } }],
  ['OUTSIDE_CANVAS', { bounds: { left: 6, top: 0, right: 9, bottom: 4 } }],
  ['TOO_LARGE', { width: 30_001, height: 10 }],
  ['TOO_LARGE', { width: 12_000, height: 10_001 }],
])('refuses %s before it asks the server or reads any pixels', async (code, facts) => {
  const started = start(facts);
  started.client.connectError = new PluginError('NOT_RUNNING');
  await expectRefusal(started, code);
  // One modal scope, in which the run is planned.
  expect(started.host.stages.filter((stage) => stage !== 'inspect')).toEqual(['read']);
  expect(started.host.reads).toEqual([]);
});

test('says so when no document is open', async () => {
  const started = start();
  started.host.selected = new PluginError('NO_DOCUMENT');
  await expectRefusal(started, 'NO_DOCUMENT');
});

test.each<PluginErrorCode>(['NOT_RUNNING', 'SERVER_OLDER', 'SERVER_NEWER', 'PERMISSION_DENIED'])(
  'reads no pixels when the server is %s',
  async (code) => {
    const started = start();
    started.client.connectError = new PluginError(code);
    await expectRefusal(started, code);
    expect(started.host.stages).toEqual(['read', 'inspect']);
    expect(started.host.reads).toEqual([]);
  },
);

test('says early that the model is not downloaded, with the reason', async () => {
  const started = start();
  const { ready } = started.client.server;
  started.client.server = {
    ...started.client.server,
    ready: { ...ready!, ready: false, state: 'missing', reason: 'No weights' },
  };
  await expect(started.run()).rejects.toMatchObject({ code: 'MODEL_MISSING', detail: 'No weights' });
  expect(started.client.requests).toEqual([]);
});

test('an object does not need the model for portraits', async () => {
  const started = start({}, { subject: 'object' });
  const { ready } = started.client.server;
  started.client.server = { ...started.client.server, ready: { ...ready!, ready: false, state: 'missing' } };
  await started.run();
  expect(started.client.requests).toMatchObject([{ subject: 'object' }]);
});

test('passes the words of the server on', async () => {
  const started = start();
  started.client.matteError = new ServerError('INFERENCE_FAILED', 'The model failed.', 'Restart it.');
  await expect(started.run()).rejects.toBe(started.client.matteError);
  expect(started.host.masks.size).toBe(0);
});

test('does not hide a layer without a subject', async () => {
  const started = start();
  started.client.level = 0.02;
  await expectRefusal(started, 'NO_SUBJECT');
});

test.each(['inspect', 'connect', 'read', 'upload', 'wait', 'edit', 'convert', 'write', 'leave'])(
  'cancelled at %s, leaves the document as it was',
  async (stage) => {
    const started = start({ background: true });
    const cancelAt = (entered: string) => {
      if (entered === stage) started.cancel.cancel();
    };
    started.host.onStage = cancelAt;
    started.client.onStage = cancelAt;
    await expect(started.run()).rejects.toBeInstanceOf(Cancelled);
    expect(started.host.masks.size).toBe(0);
    expect(started.host.history).toEqual([]);
  },
);

test('a cancel after the mask is written still reports the mask', async () => {
  const started = start();
  const { edit } = started.host;
  started.host.edit = async (...args) => {
    const result = await edit(...args);
    started.cancel.cancel();
    return result;
  };
  await expect(started.run()).resolves.toMatchObject({ layers: [{ layerName: 'Portrait' }] });
});

const moved = { left: 1, top: 0, right: 7, bottom: 4 };
test.each<[PluginErrorCode, Partial<LayerFacts>]>([
  ['DOCUMENT_CHANGED', { documentName: 'other.psd' }],
  ['DOCUMENT_CHANGED', { width: 60 }],
  ['DOCUMENT_CHANGED', { depth: 16 }],
  ['DOCUMENT_CHANGED', { mode: 'labColorMode' }],
  ['LAYER_CHANGED', { bounds: moved }],
  ['MASK_ADDED', { hasMask: true }],
  ['LAYER_LOCKED', { lock: 'layer' }],
])('%s while the server worked: writes nothing', async (code, change) => {
  for (const stage of ['wait', 'edit']) {
    const started = start();
    const changeAt = (entered: string) => {
      if (entered === stage) Object.assign(started.host.facts, change);
    };
    started.client.onStage = changeAt;
    started.host.onStage = changeAt;
    await expectRefusal(started, code);
  }
});

test.each<PluginErrorCode>(['DOCUMENT_CLOSED', 'LAYER_DELETED'])('%s while the server worked', async (code) => {
  const started = start();
  started.client.onStage = (stage) => {
    if (stage === 'wait') started.host.gone = new PluginError(code);
  };
  await expectRefusal(started, code);
});

test('masks the layer that was selected at the click, whatever is selected later', async () => {
  const started = start();
  started.client.onStage = (stage) => {
    if (stage === 'wait') started.host.selected = { documentId: 9, layerIds: [9] };
  };
  await started.run();
  expect([...started.host.masks.keys()]).toEqual([3]);
});

test.each([
  ['a flipped layer is noticed', 200, false],
  ['a retouched spot is not held against it', 3, true],
  ['no thumbnail, no complaint', null, true],
])('%s', async (_what, level, isMasked) => {
  const started = start();
  started.client.onStage = (stage) => {
    if (stage !== 'wait') return;
    const { thumbnail } = started.host;
    started.host.thumbnail = level === null ? null : { ...thumbnail!, data: new Uint8Array(6).fill(level) };
  };
  if (isMasked) await started.run();
  else await expectRefusal(started, 'LAYER_CHANGED');
});
