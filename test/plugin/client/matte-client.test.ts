import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cancellation, Cancelled } from '../../../plugin/cancellation.ts';
import type { Client, Server } from '../../../plugin/client/client.ts';
import { createNetwork } from '../../../plugin/client/http.ts';
import { createClient } from '../../../plugin/client/matte-client.ts';
import type { Alpha, Picture } from '../../../plugin/picture.ts';
import { PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import type { Subject } from '../../../protocol/matte.ts';
import { type FakeXhr, type Script, scriptXhr } from './fake-xhr.ts';

const server: Server = {
  origin: 'http://127.0.0.1:7866',
  health: { name: 'hairline', version: '0.1.0', protocol: PROTOCOL_VERSION },
  ready: null,
};
const picture: Picture = {
  ...{ left: 0, top: 0, width: 2, height: 2, channels: 3, depth: 8, profile: null },
  data: new Uint8Array(12).fill(9),
};

type Decide = (xhr: FakeXhr, attempt: number) => Script;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(
  decide: (xhr: FakeXhr, attempt: number) => Script,
  depth: 8 | 16 = 8,
  sent = picture,
  subject: Subject = 'portrait',
  guide: Alpha | null = null,
) {
  let attempt = 0;
  const { create, sent: exchanges } = scriptXhr((xhr) => decide(xhr, attempt++));
  const cancel = new Cancellation();
  const events: string[] = [];
  const result = createClient(createNetwork({ createXhr: create })).matte(
    server,
    { picture: sent, subject, refine: 'best', depth, guide },
    cancel,
    {
      onUpload: (fraction) => events.push(`upload ${fraction}`),
      onSent: () => events.push('sent'),
      onQueued: () => events.push('queued'),
      onDownloading: () => events.push('downloading'),
    },
  );
  result.catch(() => {});
  return { result, cancel, events, exchanges };
}

function answer(depth: number, bytes: number[], changes: Record<string, string> = {}): Script {
  const headers = { 'x-image-width': '2', 'x-image-height': '2', 'x-image-channels': '1', 'x-image-depth': `${depth}` };
  return {
    status: 200,
    body: new Uint8Array(bytes).buffer,
    headers: { ...headers, 'x-model': 'isnet', 'x-provider': 'cpu', ...changes },
  };
}

const failure = (status: number, code: string, headers = {}): Script => ({
  status,
  body: { error: { code, message: 'Sentence.', hint: 'Ünïcode step.' } },
  headers,
});

test('sends raw pixels with their shape and reads the alpha', async () => {
  const { result, events, exchanges } = start(() => answer(8, [0, 1, 2, 255]));
  await vi.runAllTimersAsync();
  await expect(result).resolves.toEqual({
    alpha: { width: 2, height: 2, depth: 8, data: new Uint8Array([0, 1, 2, 255]) },
    model: 'isnet',
    provider: 'cpu',
    matteId: null,
  });
  expect(events).toEqual(['upload 0.5', 'upload 1', 'sent']);
  const [sent] = exchanges;
  expect(sent?.url).toBe(
    'http://127.0.0.1:7866/v1/mattes?model=auto&subject=portrait&refine=best&output=alpha&depth=8',
  );
  expect(sent?.body).toBe(picture.data.buffer);
  expect(sent?.requestHeaders).toEqual({
    'content-type': 'application/octet-stream',
    accept: 'application/octet-stream',
    'x-image-width': '2',
    'x-image-height': '2',
    'x-image-channels': '3',
    'x-image-depth': '8',
  });
});

test('reads 16-bit alpha as little-endian', async () => {
  const { result } = start(() => answer(16, [0, 0, 255, 255, 1, 0, 0, 1]), 16);
  await vi.runAllTimersAsync();
  expect((await result).alpha).toMatchObject({ depth: 16, data: new Uint16Array([0, 65535, 1, 256]) });
});

test('sends only the pixels when they are a part of a larger buffer', async () => {
  const data = new Uint8Array(20).subarray(4, 16).fill(7);
  const { result, exchanges } = start(() => answer(8, [0, 0, 0, 0]), 8, { ...picture, data });
  await vi.runAllTimersAsync();
  await result;
  expect(new Uint8Array(exchanges[0]!.body!)).toEqual(data);
});

test.each([
  ['another size', answer(8, [0, 0, 0, 0], { 'x-image-width': '4', 'x-image-height': '1' })],
  ['too few bytes', answer(8, [0, 0, 0])],
  ['a depth we do not know', answer(32, [0, 0, 0, 0])],
  ['no shape', { status: 200, body: 'hello' } as Script],
  ['an error that is no JSON', { status: 502, body: '<html>' } as Script],
])('refuses an answer with %s', async (_what, script) => {
  const { result } = start(() => script);
  await vi.runAllTimersAsync();
  await expect(result).rejects.toMatchObject({ code: 'BAD_ANSWER' });
});

test('learns from the first answer which spelling of "arraybuffer" gives bytes', async () => {
  const { create } = scriptXhr((xhr) => {
    xhr.knownResponseType = 'arrayBuffer';
    return answer(8, [0, 1, 2, 3]);
  });
  const http = createNetwork({ createXhr: create }).http;
  const ask = () => http({ method: 'GET', url: 'http://127.0.0.1:7866/', timeout: 100, cancel: new Cancellation() });
  const answers = [ask()];
  await vi.runAllTimersAsync();
  expect((await answers[0]!).body).toEqual(new Uint8Array([0, 1, 2, 3]).buffer);
  answers.push(ask());
  await vi.runAllTimersAsync();
  expect((await answers[1]!).body).toEqual(new Uint8Array([0, 1, 2, 3]).buffer);
});

test('refuses text where bytes were asked for', async () => {
  const { result } = start((xhr) => {
    xhr.knownResponseType = 'neither';
    return answer(8, [0, 0, 0, 0]);
  });
  await vi.runAllTimersAsync();
  await expect(result).rejects.toMatchObject({ code: 'BAD_ANSWER' });
});

test('passes the sentence and the next step of the server on', async () => {
  const { result } = start(() => failure(503, 'WEIGHTS_MISSING'));
  await vi.runAllTimersAsync();
  await expect(result).rejects.toMatchObject({
    name: 'ServerError',
    code: 'WEIGHTS_MISSING',
    message: 'Sentence.',
    hint: 'Ünïcode step.',
  });
});

test('asks a full queue again after the pause it asked for', async () => {
  const { result, events, exchanges } = start((_xhr, attempt) =>
    attempt < 2 ? failure(503, 'QUEUE_FULL', { 'retry-after': '2' }) : answer(8, [0, 0, 0, 0]),
  );
  await vi.advanceTimersByTimeAsync(1900);
  expect(exchanges.length).toBe(1);
  await vi.runAllTimersAsync();
  await expect(result).resolves.toMatchObject({ model: 'isnet' });
  expect(events.filter((event) => event === 'queued').length).toBe(2);
});

test('gives up on a queue that stays full', async () => {
  const { result, exchanges } = start(() => failure(503, 'QUEUE_FULL'));
  await vi.runAllTimersAsync();
  await expect(result).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  expect(exchanges.length).toBe(6);
});

test('asks for an object', async () => {
  const { result, exchanges } = start(() => answer(8, [0, 0, 0, 0]), 8, picture, 'object');
  await vi.runAllTimersAsync();
  await result;
  expect(new URL(exchanges[0]!.url).searchParams.get('subject')).toBe('object');
});

const downloading = (pause: string) => failure(503, 'MODEL_DOWNLOADING', { 'retry-after': pause });

test('waits for a model download, without reporting progress for every poll', async () => {
  const { result, events, exchanges } = start((_xhr, attempt) =>
    attempt < 40 ? downloading('3') : answer(8, [0, 0, 0, 0]),
  );
  await vi.advanceTimersByTimeAsync(2900);
  expect(exchanges.length).toBe(1);
  await vi.runAllTimersAsync();
  await expect(result).resolves.toMatchObject({ model: 'isnet' });
  expect(events).toEqual(['upload 0.5', 'upload 1', 'sent', ...Array(40).fill('downloading')]);
  expect(vi.getTimerCount()).toBe(0);
});

test('reports processing once the model is downloaded', async () => {
  const { result, events, exchanges } = start((_xhr, attempt) => (attempt === 0 ? downloading('3') : 'hang'));
  await vi.advanceTimersByTimeAsync(3100);
  const second = exchanges[1]!;
  second.upload!.onload?.({});
  expect(events.at(-1)).toBe('downloading');
  await vi.advanceTimersByTimeAsync(1100);
  expect(events.at(-1)).toBe('sent');
  second.abort();
  await expect(result).rejects.toMatchObject({ code: 'SERVER_LOST' });
});

test("gives up on a download after ten minutes, in the server's words", async () => {
  const { result, exchanges } = start(() => downloading('20'));
  await vi.advanceTimersByTimeAsync(9.5 * 60_000);
  expect(exchanges.length).toBe(29);
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(result).rejects.toMatchObject({ name: 'ServerError', code: 'MODEL_DOWNLOADING', message: 'Sentence.' });
  expect(vi.getTimerCount()).toBe(0);
});

test('waits for the queue and for a model in one run', async () => {
  const scripts = [failure(503, 'QUEUE_FULL'), downloading('3'), failure(503, 'QUEUE_FULL'), answer(8, [0, 0, 0, 0])];
  const { result, events } = start((_xhr, attempt) => scripts[attempt]!);
  await vi.runAllTimersAsync();
  await expect(result).resolves.toMatchObject({ model: 'isnet' });
  expect(events.filter((event) => !event.startsWith('upload') && event !== 'sent')).toEqual([
    'queued',
    'downloading',
    'queued',
  ]);
});

test('handles a server that dies during a request, and one that never answers', async () => {
  const lost = start(() => ({ error: '' }));
  await vi.runAllTimersAsync();
  await expect(lost.result).rejects.toMatchObject({ code: 'SERVER_LOST' });
  const slow = start(() => 'hang');
  await vi.runAllTimersAsync();
  await expect(slow.result).rejects.toMatchObject({ code: 'TIMED_OUT' });
  expect(slow.exchanges[0]?.aborted).toBe(true);
});

test('cancel aborts the exchange, or the pause before the next one', async () => {
  const during = start(() => 'hang');
  during.cancel.cancel();
  await expect(during.result).rejects.toBeInstanceOf(Cancelled);
  expect(during.exchanges[0]?.aborted).toBe(true);
  for (const code of ['QUEUE_FULL', 'MODEL_DOWNLOADING']) {
    const between = start(() => failure(503, code));
    await vi.advanceTimersByTimeAsync(100);
    between.cancel.cancel();
    await expect(between.result).rejects.toBeInstanceOf(Cancelled);
    expect(between.exchanges.length).toBe(1);
  }
});

test('works without upload events', async () => {
  const { result, events } = start((xhr) => {
    xhr.upload = null;
    return answer(8, [0, 0, 0, 0]);
  });
  await vi.runAllTimersAsync();
  await result;
  expect(events).toEqual([]);
});

describe('a matte that the server keeps', () => {
  const settled = (work: (client: Client, cancel: Cancellation) => Promise<unknown>, decide: Decide) => {
    let attempt = 0;
    const { create, sent } = scriptXhr((xhr) => decide(xhr, attempt++));
    const cancel = new Cancellation();
    const result = work(createClient(createNetwork({ createXhr: create })), cancel);
    result.catch(() => {});
    return { result, sent, cancel };
  };
  const edge = { feather: 2, depth: 8 } as const;

  test('is named in the answer that brings it', async () => {
    const { result } = start(() => answer(8, [0, 1, 2, 255], { 'x-matte-id': 'abc' }));
    await vi.runAllTimersAsync();
    await expect(result).resolves.toMatchObject({ matteId: 'abc' });
  });

  test('is given another edge as JSON, and read as raw samples', async () => {
    const { result, sent } = settled(
      (client, cancel) => client.edge(server, 'abc', edge, cancel),
      () => answer(8, [9, 8, 7, 6]),
    );
    await vi.runAllTimersAsync();
    await expect(result).resolves.toEqual({ width: 2, height: 2, depth: 8, data: new Uint8Array([9, 8, 7, 6]) });
    const [{ url, body, requestHeaders }] = sent as [FakeXhr];
    expect(url).toBe('http://127.0.0.1:7866/v1/mattes/abc/edge');
    expect(JSON.parse(new TextDecoder().decode(body!))).toEqual(edge);
    expect(requestHeaders).toEqual({ 'content-type': 'application/json', accept: 'application/octet-stream' });
  });

  test('is asked for colors, of which there must be four samples a pixel', async () => {
    const request = { ...edge, output: 'cutout' } as const;
    for (const count of [16, 12]) {
      const { result } = settled(
        (client, cancel) => client.colors(server, 'abc', request, cancel),
        () => answer(8, Array(count).fill(5)),
      );
      await vi.runAllTimersAsync();
      if (count === 16) await expect(result).resolves.toMatchObject({ channels: 4, depth: 8 });
      else await expect(result).rejects.toMatchObject({ code: 'BAD_ANSWER' });
    }
  });

  test.each([
    ['image/jpeg', 'image/jpeg'],
    ['image/png; charset=binary', 'image/png'],
  ])('is previewed as the server likes: %s', async (type, expected) => {
    const { result, sent } = settled(
      (client, cancel) => client.preview(server, 'abc', { width: 300 }, cancel),
      () => ({ status: 200, body: new Uint8Array([1, 2]).buffer, headers: { 'content-type': type } }),
    );
    await vi.runAllTimersAsync();
    await expect(result).resolves.toEqual({ type: expected, bytes: new Uint8Array([1, 2]).buffer });
    expect(sent[0]!.requestHeaders.accept).toBe('image/jpeg, image/png;q=0.9');
  });

  test('that is gone is said to be gone; a full queue is asked again', async () => {
    const gone = settled(
      (client, cancel) => client.edge(server, 'abc', edge, cancel),
      () => failure(404, 'MATTE_GONE'),
    );
    const queued = settled(
      (client, cancel) => client.edge(server, 'abc', edge, cancel),
      (_xhr, attempt) => (attempt < 2 ? failure(503, 'QUEUE_FULL') : answer(8, [0, 0, 0, 0])),
    );
    await vi.runAllTimersAsync();
    await expect(gone.result).rejects.toMatchObject({ name: 'ServerError', code: 'MATTE_GONE' });
    await expect(queued.result).resolves.toMatchObject({ width: 2 });
    expect(queued.sent.length).toBe(3);
  });

  test('is let go by a cancel', async () => {
    const { result, sent, cancel } = settled(
      (client, cancel) => client.preview(server, 'abc', {}, cancel),
      () => 'hang',
    );
    cancel.cancel();
    await expect(result).rejects.toBeInstanceOf(Cancelled);
    expect(sent[0]?.aborted).toBe(true);
  });
});

test('a mask follows the pixels, in its own depth', async () => {
  for (const guide of [
    { width: 2, height: 2, depth: 8 as const, data: new Uint8Array([0, 1, 2, 255]) },
    { width: 2, height: 2, depth: 16 as const, data: new Uint16Array([0, 1, 2, 65_535]) },
  ]) {
    const { result, exchanges } = start(() => answer(8, [1, 2, 3, 4]), 8, picture, 'portrait', guide);
    await vi.runAllTimersAsync();
    await result;
    const { requestHeaders, body } = exchanges[0]!;
    expect(requestHeaders['x-image-mask']).toBe(String(guide.depth));
    const bytes = new Uint8Array(body as ArrayBuffer);
    expect(bytes.length).toBe(picture.data.byteLength + guide.data.byteLength);
    expect([...bytes.subarray(0, picture.data.length)]).toEqual([...picture.data]);
    expect(bytes.subarray(picture.data.length)).toEqual(new Uint8Array(guide.data.buffer));
  }
});
