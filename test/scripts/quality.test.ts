import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../scripts/bench/quality-report.ts';
import { runQuality, UsageError } from '../../scripts/bench/quality-run.ts';
import { type MeasuredServer, readServerTiming } from '../../scripts/bench/quality-source.ts';
import { readAlphaFile } from '../../server/imaging/alpha-file.ts';
import { encodeAlphaPng, encodePng, openEncoded } from '../../server/imaging/codec.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { startStandInServer } from '../fixtures/stand-in.ts';

const SIDE = 64;

/** A ball, softly lit from the middle: the stand-in network answers with the brightness that it sees. */
const ball = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
  const distance = Math.hypot((i % SIDE) - 31.5, Math.floor(i / SIDE) - 31.5);
  return Math.max(0, Math.min(255, Math.round((26 - distance) * 40)));
});
const inverted = ball.map((value) => 255 - value);

const folder = mkdtempSync(path.join(tmpdir(), 'hairline-quality-'));
const pairs = path.join(folder, 'pairs');
const out = path.join(folder, 'out');
const json = path.join(folder, 'report.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(...names: string[]): (bytes: Uint8Array) => void {
  const file = path.join(folder, ...names);
  mkdirSync(path.dirname(file), { recursive: true });
  return (bytes) => writeFileSync(file, bytes);
}

const gray = (data: Uint8Array | Uint16Array) => encodeAlphaPng({ width: SIDE, height: SIDE, data });

beforeAll(async () => {
  const data = Uint8Array.from({ length: 3 * ball.length }, (_, i) => ball[Math.floor(i / 3)]!);
  const picture = await encodePng({ width: SIDE, height: SIDE, channels: 3, data });
  for (const name of ['good.png', 'wrong.png', 'without-truth.png']) put('pairs', 'image', name)(picture);
  put('pairs', 'alpha', 'good.png')(await gray(ball));
  put('pairs', 'alpha', 'wrong.png')(await gray(inverted));
});

async function run(argv: readonly string[], startServer?: (model: string | undefined) => Promise<MeasuredServer>) {
  const [printed, said]: [string[], string[]] = [[], []];
  await runQuality([...argv, '--out', out], {
    startServer: startServer ?? (() => Promise.reject(new Error('no server expected'))),
    print: (line) => printed.push(line),
    say: (line) => said.push(line),
  });
  return { printed: printed.join('\n'), said };
}

describe('the benchmark of quality', () => {
  it('measures a real server and draws the worst', async () => {
    const standIn = await startStandInServer({}, { side: SIDE });
    const server = { url: standIn.url, peakBytes: async () => 123e6, close: () => standIn.close() };
    const { printed, said } = await run([pairs, '--json', json], async () => server);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(report.results.map(({ name }) => name)).toEqual(['good', 'wrong']);
    const [good, wrong] = report.results;
    expect(good!.scores.mse).toBeLessThan(1e-5);
    const expected = ball.reduce((sum, value) => sum + ((2 * value - 255) / 255) ** 2, 0) / ball.length;
    // The server stretches alpha by one 8-bit step at either end.
    expect(wrong!.scores.mse).toBeCloseTo(expected, 2);
    expect(report.mean.mse).toBeCloseTo((good!.scores.mse + wrong!.scores.mse) / 2, 12);
    expect(good!.cost).toMatchObject({ model: 'stand-in', provider: 'cpu', runs: 1, peakBytes: 123e6 });
    expect(good!.cost!.timings.inference).toBeGreaterThan(0);
    expect(printed).toMatch(/^\| good \| 64x64 \| 0\.0000\d \|/m);
    expect(printed).toMatch(/^\| \*\*mean\*\* \|.*\| 123 \|$/m);
    expect(printed).toContain('runs');
    expect(said.at(-1)).toContain('quality-worst.png');
    const sheet = await openEncoded(readFileSync(path.join(out, 'quality-worst.png')));
    expect([sheet.width, sheet.height]).toEqual([3096, 830]);
  });

  it('keeps mattes, and shows those of an earlier run beside ours', async () => {
    const kept = path.join(folder, 'kept');
    await run([pairs, '--alpha-from', path.join(pairs, 'alpha'), '--mattes', kept]);
    const before = await readAlphaFile(readFileSync(path.join(kept, 'wrong.png')));
    expect([...before.data]).toEqual([...inverted].map((value) => value * 257));
    await run([pairs, '--alpha-from', kept, '--beside', kept]);
    const sheet = await openEncoded(readFileSync(path.join(out, 'quality-worst.png')));
    expect([sheet.width, sheet.height]).toEqual([3096 + 312, 830]);
  });

  it('passes on what was given, nothing else, and shows how often networks ran', async () => {
    const asked: string[] = [];
    const fake = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['content-type']} ${request.headers.accept}`);
      request.resume().on('end', () => {
        response.setHeader('x-image-width', SIDE).setHeader('x-image-height', SIDE);
        response.setHeader('server-timing', 'decode;dur=1.5, runs;desc="3"');
        response.end(Buffer.from(Uint16Array.from(ball, (value) => value * 257).buffer));
      });
    });
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
    const { port } = fake.address() as { port: number };
    const models: (string | undefined)[] = [];
    const start = async (model: string | undefined) => {
      models.push(model);
      return { url: `http://127.0.0.1:${port}`, peakBytes: async () => 1e6, close: async () => undefined };
    };
    try {
      const { printed } = await run([pairs, '--model', 'other', '--refine', 'edges', '--enhance', 'off'], start);
      expect(printed).toMatch(/^\| good \|.*\| 3 \| 1 \|$/m);
      await run([pairs], start);
    } finally {
      fake.close();
    }
    const request = (query: string) =>
      `POST /v1/mattes?${query}output=alpha&depth=16 image/png application/octet-stream`;
    expect(asked).toEqual([
      ...new Array(2).fill(request('model=other&refine=edges&enhance=off&')),
      ...new Array(2).fill(request('')),
    ]);
    expect(models).toEqual(['other', undefined]);
  });

  it('says why the server refused', async () => {
    const standIn = await startStandInServer({}, { side: SIDE });
    const server = { url: standIn.url, peakBytes: async () => 0, close: () => standIn.close() };
    await expect(run([pairs, '--model', 'nobody'], async () => server)).rejects.toThrow(
      'The server refused good: There is no model named "nobody".',
    );
  });

  it('scores existing mattes', async () => {
    put('others', 'good.png')(await gray(Uint16Array.from(ball, (value) => value * 257)));
    await expect(run([pairs, '--alpha-from', path.join(folder, 'others')])).rejects.toThrow('no picture called wrong');
    put('others', 'wrong.png')(await gray(inverted));
    const { printed } = await run([pairs, '--alpha-from', path.join(folder, 'others')]);
    expect(printed).toMatch(/^\| \*\*mean\*\* \| {2}\| 0\.00000 \| 0\.00000 \| 0\.00 \|/m);
    expect(printed).not.toContain('peak MB');
    put('others', 'wrong.png')(await encodeAlphaPng({ width: 2, height: 1, data: Uint8Array.of(1, 2) }));
    await expect(run([pairs, '--alpha-from', path.join(folder, 'others')])).rejects.toThrow(
      '2 x 1, but its truth 64 x 64',
    );
  });

  it('takes the trimap that comes with the data', async () => {
    const drawn = path.join(folder, 'drawn');
    put('drawn', 'image', 'good.png')(readFileSync(path.join(pairs, 'image', 'good.png')));
    put('drawn', 'alpha', 'good.png')(await gray(ball));
    put('drawn', 'trimap1', 'good.png')(await gray(ball.map((_, i) => (i < SIDE ? 128 : 255))));
    await run([drawn, '--json', json, '--alpha-from', path.join(drawn, 'alpha')]);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(report.results[0]!.band).toBeCloseTo(1 / SIDE, 12);
    expect(report.definitions.join()).toContain('the trimap that came with the picture');
  });

  it('explains how it is used', async () => {
    await expect(run([])).rejects.toThrow(UsageError);
    await expect(run([pairs, '--nonsense'])).rejects.toThrow('Usage: npm run bench:quality');
    await expect(run([pairs, '--alpha-from', 'x', '--model', 'y'])).rejects.toThrow('do not apply');
    await expect(run([folder])).rejects.toThrow('cannot be read');
  });

  it('runs from the command line with a server of its own, and ends with it', () => {
    const script = path.join(packageRoot, 'dist', 'scripts', 'bench', 'quality.js');
    const { status, stderr } = spawnSync(process.execPath, [script, pairs, '--model', 'nobody'], { encoding: 'utf8' });
    expect(stderr).toContain('There is no model named "nobody".');
    expect(status).toBe(1);
  });
});

it('reads durations and the number of runs from server-timing', () => {
  expect(readServerTiming('decode;dur=1.5, inference;dur=20, runs;desc="4"')).toEqual({
    timings: { decode: 1.5, inference: 20 },
    runs: 4,
  });
  expect(readServerTiming('')).toEqual({ timings: {}, runs: null });
  expect(readServerTiming('cache;desc="hit", runs;desc=2')).toEqual({ timings: {}, runs: 2 });
});

describe('readAlphaFile', () => {
  it('keeps the numbers of 8 and 16 bits', async () => {
    const read = async (data: Uint8Array | Uint16Array) => [
      ...(await readAlphaFile(await encodeAlphaPng({ width: 3, height: 1, data }))).data,
    ];
    expect(await read(Uint8Array.of(0, 100, 255))).toEqual([0, 25700, 65535]);
    expect(await read(Uint16Array.of(1, 30000, 65534))).toEqual([1, 30000, 65534]);
  });

  it('takes the opacity of a cut-out, and gray from a colored file', async () => {
    const cutout = await encodePng({ width: 1, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 77) });
    expect([...(await readAlphaFile(cutout)).data]).toEqual([77 * 257]);
    const deep = await encodePng({ width: 1, height: 1, channels: 4, data: Uint16Array.of(1, 2, 3, 777) });
    expect([...(await readAlphaFile(deep)).data]).toEqual([777]);
    const gray = await encodePng({ width: 1, height: 1, channels: 3, data: Uint8Array.of(9, 9, 9) });
    expect([...(await readAlphaFile(gray)).data]).toEqual([9 * 257]);
  });
});
