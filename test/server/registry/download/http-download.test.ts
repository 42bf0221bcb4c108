import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttpClient } from '../../../../server/http-client/http-client.ts';
import { downloadFile } from '../../../../server/registry/download/http-download.ts';
import { type Expected, gitBlobId, sha256 } from '../../../../server/registry/install/checksum.ts';
import {
  type Answer,
  deafToRanges,
  type FaultyServer,
  hang,
  startFaultyServer,
  status,
  whole,
} from '../faulty-server.ts';

const body = randomBytes(300_000);
const good: Expected = { bytes: body.length, sha256: sha256(body) };
const key = good.sha256!.slice(0, 12);
const http = createHttpClient(process.env);

let folder: string;
let server: FaultyServer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'hairline download ä '));
  server = await startFaultyServer(body);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const inFolder = () => readdir(folder);
const part = () => path.join(folder, `file.${key}.part`);

function download(expected: Expected = good, options: Partial<Parameters<typeof downloadFile>[3]> = {}) {
  return downloadFile(`${server.url}/file`, path.join(folder, 'file'), expected, {
    http,
    signal: new AbortController().signal,
    onBytes() {},
    retryDelays: [1, 1, 1],
    ...options,
  });
}

/** Vitest's own comparison takes a second for this many bytes. */
function expectBody(bytes: Uint8Array): void {
  expect(sha256(bytes)).toBe(good.sha256);
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('should have failed'),
    (error: Error) => error.message,
  );

function answer(...answers: Answer[]): void {
  server.answers = answers;
}

/** What `git hash-object` prints for these contents. */
test.each([
  ['', 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'],
  ['hello\n', 'ce013625030ba8dba906f756967f9e9ca394464a'],
  ['what is up, doc?', 'bd9dbf5aae1a3862dd1526723246b20206e5fc37'],
])('the git blob id of %j', (text, id) => {
  expect(gitBlobId(Buffer.from(text))).toBe(id);
});

describe('a download', () => {
  test('is verified, and its part file is left to the caller', async () => {
    const progress: (number | null)[][] = [];
    expectBody(await download(good, { onBytes: (...p) => progress.push(p) }));
    expect(progress.at(0)).toEqual([0, body.length]);
    expect(progress.at(-1)).toEqual([body.length, body.length]);
    expect(await inFolder()).toEqual([path.basename(part())]);
  });

  test('is known by its git blob id as well', async () => {
    expectBody(await download({ gitBlob: gitBlobId(body) }));
    expect(await refusal(download({ gitBlob: '0'.repeat(40) }))).toContain('git blob id');
  });

  test('without a known checksum leaves nothing behind', async () => {
    expectBody(await download({}));
    expect(await inFolder()).toEqual([]);
  });

  test('goes on where the connection was cut, twice', async () => {
    answer(whole({ cutAt: 100_000 }), whole({ cutAt: 200_000 }), whole());
    expectBody(await download());
    expect(server.seen.map((s) => s.range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
    expect(server.seen[1]?.ifRange).toBe('"one"');
  });

  test('is given up after three more tries, keeps what it has, and the next call continues', async () => {
    answer(...[50_000, 60_000, 70_000, 80_000].map((cutAt) => whole({ cutAt })));
    const message = await refusal(download());
    expect(message).toContain('after 1 MB of 1 MB; these are kept, and the next try continues there');
    expect(server.seen).toHaveLength(4);
    expect((await readFile(part())).equals(body.subarray(0, 80_000))).toBe(true);
    answer(whole());
    expectBody(await download());
    expect(server.seen.at(-1)?.range).toBe('bytes=80000-');
  });

  test('starts over where the server ignores ranges', async () => {
    answer(deafToRanges({ cutAt: 100_000 }), deafToRanges());
    expectBody(await download());
    expect(server.seen.map((s) => s.range)).toEqual([undefined, 'bytes=100000-']);
  });

  test('starts over when the file has changed meanwhile', async () => {
    answer(whole({ etag: '"old"', cutAt: 100_000 }), whole({ etag: '"new"' }));
    expectBody(await download());
    expect(server.seen[1]).toMatchObject({ range: 'bytes=100000-', ifRange: '"old"' });
  });

  test('starts over when another file is continued than was begun', async () => {
    const deaf: Answer = (request, response, bytes) => {
      delete request.headers['if-range'];
      whole({ etag: '"new"' })(request, response, bytes);
    };
    answer(whole({ etag: '"old"', cutAt: 100_000 }), deaf, deaf);
    expectBody(await download());
    expect(server.seen.map((s) => s.range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  test('that was continued with the wrong bytes is done again in one go', async () => {
    await writeFile(part(), randomBytes(1000));
    expectBody(await download());
    expect(server.seen.map((s) => s.range)).toEqual(['bytes=1000-', undefined]);
  });

  test('makes no request when the part file is already complete', async () => {
    await writeFile(part(), body);
    expectBody(await download());
    expect(server.seen).toEqual([]);
  });

  test('starts over when another part was sent than asked for', async () => {
    const shifted: Answer = (_, response) =>
      response.writeHead(206, { 'content-range': `bytes 5-9/${body.length}`, 'content-length': 5 }).end('12345');
    answer(whole({ cutAt: 100_000 }), shifted, whole());
    expectBody(await download());
    expect(server.seen.map((s) => s.range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  test('handles a part file that is longer than the file (416)', async () => {
    await writeFile(part(), randomBytes(body.length + 7));
    expectBody(await download({ sha256: good.sha256! }));
    expect(server.seen.map((s) => s.range)).toEqual([`bytes=${body.length + 7}-`, undefined]);
  });

  test('handles a complete part file of unknown expected size (416)', async () => {
    await writeFile(part(), body);
    expectBody(await download({ sha256: good.sha256! }));
    expect(server.seen).toHaveLength(1);
  });

  test('unpacks what a server compresses without being asked', async () => {
    answer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)));
    expectBody(await download());
  });

  test('waits out a server that is busy', async () => {
    answer(status(500), status(503), whole());
    expectBody(await download());
  });

  test('takes a silent connection for cut', async () => {
    answer(hang(100_000), whole());
    expectBody(await download(good, { stallMs: 150 }));
    expect(server.seen[1]?.range).toBe('bytes=100000-');
  });

  test('keeps its part file when a login page answers instead', async () => {
    answer(whole({ cutAt: 100_000 }), (_, response) => response.end('<h1>Welcome to our hotel</h1>'));
    expect(await refusal(download())).toContain('instead of');
    answer(whole());
    expectBody(await download());
    expect(server.seen.at(-1)?.range).toBe('bytes=100000-');
  });

  test('follows redirects with its range', async () => {
    answer(whole({ cutAt: 100_000 }), status(302, { location: '/elsewhere' }), whole());
    expectBody(await download());
    expect(server.seen.map((s) => s.path)).toEqual(['/file', '/file', '/elsewhere']);
    expect(server.seen[2]?.range).toBe('bytes=100000-');
  });

  test('can be stopped, and continued later', async () => {
    answer(hang(100_000));
    const stop = new AbortController();
    const stopped = download(good, { signal: stop.signal, onBytes: (n) => n >= 100_000 && stop.abort() });
    await expect(stopped).rejects.toThrow('aborted');
    answer(whole());
    expectBody(await download());
    expect(server.seen.at(-1)?.range).toBe('bytes=100000-');
  });

  test('two at once do not share a part file', async () => {
    const [a, b] = await Promise.all([download(), download()]);
    expect([sha256(a), sha256(b)]).toEqual([good.sha256, good.sha256]);
    expect(server.seen).toHaveLength(2);
  });

  test('continues the part of a process that died', async () => {
    // No process has this number: it is above what any system gives out.
    await writeFile(path.join(folder, `file.${key}.99999999-0123abcd.part`), body.subarray(0, 1234));
    expectBody(await download());
    expect(server.seen[0]?.range).toBe('bytes=1234-');
  });
});

describe('a download is refused', () => {
  test.each<[string, Answer, string]>([
    ['with another content', (_, response) => response.end(Buffer.alloc(body.length)), 'has another SHA-256'],
    ['with another length', (_, response) => response.end('short'), `offers 5 bytes instead of ${body.length}`],
    ['that never ends', (_, response) => void response.write(Buffer.alloc(body.length + 1)), 'sends more than'],
    ['that is not there', status(404), 'answered 404 (not found)'],
    ['that is forbidden', status(403), 'answered 403'],
    ['that stays busy', status(503), 'answered 503'],
    ['behind a redirect loop', status(302, { location: '/file' }), 'redirects in a loop'],
    ['in the file system', status(302, { location: 'file:///etc/hosts' }), 'not allowed (file:)'],
  ])('%s', async (_, given, sentence) => {
    answer(given);
    expect(await refusal(download())).toContain(sentence);
    expect(await inFolder()).toEqual([]);
  });

  test('when it is larger than any model', async () => {
    answer((_, response) => void response.writeHead(200, { 'content-length': 2e9 }).write('x'));
    expect(await refusal(download({}))).toContain('offers 2,000 MB, too much');
  });

  test('when there is no room', async () => {
    const full = async () => Promise.reject(new Error('no room'));
    expect(await refusal(download(good, { checkSpace: full }))).toBe('no room');
  });
});
