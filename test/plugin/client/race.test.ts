import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Cancellation } from '../../../plugin/cancellation.ts';
import { type Http, HttpFailure } from '../../../plugin/client/exchange.ts';
import { createServerFinder } from '../../../plugin/client/server-finder.ts';
import { PROTOCOL_VERSION } from '../../../protocol/limits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const health = { name: 'hairline', version: '0.1.0', protocol: PROTOCOL_VERSION };

/** What becomes of a request by the start of its address: milliseconds, and whether it is answered, refused or neither. */
type Fate = readonly [milliseconds: number, what: 'answer' | 'refuse' | 'deny'];
type Fates = Readonly<Record<string, Fate>>;

function travel(fates: Fates): Http {
  return (request) =>
    new Promise((resolve, reject) => {
      const [, [milliseconds, what]] = Object.entries(fates).find(([start]) => request.url.startsWith(start))!;
      const fail = (kind: HttpFailure['kind']) => reject(new HttpFailure(kind, 'words'));
      request.cancel.onCancel(() => fail('network'));
      setTimeout(() => fail('timeout'), request.timeout);
      setTimeout(() => {
        if (what === 'answer') resolve({ status: 200, body: JSON.stringify(health), header: () => '' });
        else fail(what === 'deny' ? 'denied' : 'network');
      }, milliseconds);
    });
}

/** Simulated milliseconds until the finder has an answer, `/ready` left out, and what it is. */
async function find(fates: Fates, route = ''): Promise<[number, string]> {
  let found = 0;
  const start = Date.now();
  const memory = { route, noteRoute: () => undefined };
  const http: Http = (request) => {
    if (request.url.endsWith('/ready')) found ||= Date.now() - start;
    return travel(fates)(request);
  };
  const result = createServerFinder(http, { memory })(new Cancellation()).then(
    ({ origin }) => origin,
    (error) => error.code as string,
  );
  await vi.advanceTimersByTimeAsync(30_000);
  const origin = await result;
  return [found || -1, origin];
}

const [SLOW, FAST] = [2000, 2] as const;
const refused: Fates = {
  'http://127.0.0.1': [FAST, 'refuse'],
  'http://localhost': [FAST, 'refuse'],
  'ws://localhost': [FAST, 'refuse'],
  'ws://127.0.0.1': [FAST, 'refuse'],
};
const slowNames: Fates = { 'http://localhost': [SLOW, 'refuse'], 'ws://localhost': [SLOW, 'refuse'] };

/** Longest simulated time until the server is found; `/ready` is asked after that. */
test.each<[string, Fates, string, string, number]>([
  ['addresses', { 'http://127.0.0.1:7866': [FAST, 'answer'] }, '', 'http://127.0.0.1:7866', 10],
  [
    'addresses, the last port, others slow',
    { 'http://127.0.0.1:7869': [FAST, 'answer'], 'http://127.0.0.1': [SLOW, 'refuse'], ...slowNames },
    '',
    'http://127.0.0.1:7869',
    250,
  ],
  [
    'names, addresses denied',
    { 'http://127.0.0.1': [0, 'deny'], 'http://localhost:7866': [FAST, 'answer'] },
    '',
    'http://localhost:7866',
    10,
  ],
  [
    'names, slow ::1, addresses denied',
    {
      'http://127.0.0.1': [0, 'deny'],
      'http://localhost:7866': [SLOW + FAST, 'answer'],
      ...slowNames,
      'ws://localhost:7866': [SLOW + FAST, 'answer'],
    },
    '',
    'http://localhost:7866',
    SLOW + 10,
  ],
  [
    'nothing but WebSockets',
    { 'http://127.0.0.1': [0, 'deny'], 'http://localhost': [FAST, 'refuse'], 'ws://localhost:7866': [FAST, 'answer'] },
    '',
    'ws://localhost:7866',
    10,
  ],
  [
    'nothing but WebSockets, HTTP hangs',
    {
      'http://127.0.0.1': [60_000, 'refuse'],
      'http://localhost': [60_000, 'refuse'],
      'ws://localhost:7866': [FAST, 'answer'],
    },
    '',
    'ws://localhost:7866',
    510,
  ],
  [
    'what answered last',
    { 'http://localhost:7868': [FAST, 'answer'] },
    'http://localhost:7868',
    'http://localhost:7868',
    10,
  ],
  [
    'what answered last is gone, slowly',
    { 'http://127.0.0.1:7868': [SLOW, 'refuse'], 'http://127.0.0.1:7866': [FAST, 'answer'] },
    'http://127.0.0.1:7868',
    'http://127.0.0.1:7866',
    460,
  ],
])('%s: found in time', async (_name, fates, route, origin, longest) => {
  const [milliseconds, found] = await find({ ...fates, ...refused, ...fates }, route);
  console.log(`${_name}: ${found} after ${milliseconds} ms (simulated)`);
  expect(found).toBe(origin);
  expect(milliseconds).toBeLessThanOrEqual(longest);
});

test('when nothing answers, that is said when the slowest has refused', async () => {
  expect((await find({ ...refused, ...slowNames }))[1]).toBe('NOT_RUNNING');
});
