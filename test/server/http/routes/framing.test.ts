import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { type Answer, expectError, post, rawHeaders } from '../../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer({ keepMattesFor: 60_000 });
});
afterAll(() => server.close());

const [WIDTH, HEIGHT] = [80, 40];
/** A bright body of 20 x 20 pixels at 30, 10: the stand-in network's alpha is the brightness. */
const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
for (let y = 10; y < 30; y++) pixels.fill(255, 3 * (WIDTH * y + 30), 3 * (WIDTH * y + 50));

const ask = (query: string, body = pixels) =>
  post(server.port, { query, headers: { ...rawHeaders(WIDTH, HEIGHT, 3), accept: 'image/png' }, body });

async function edge(id: string, settings: unknown): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/mattes/${id}/edge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: new Map(response.headers), body };
}

async function sizeOf(answer: Answer) {
  expect(answer.status, answer.body.toString('latin1', 0, 300)).toBe(200);
  const { width, height } = await sharp(answer.body).metadata();
  expect([answer.headers.get('x-image-width'), answer.headers.get('x-image-height')]).toEqual([
    `${width}`,
    `${height}`,
  ]);
  return { width: width!, height: height! };
}

const OUTPUTS = ['alpha', 'cutout', 'foreground', 'composition'];

describe('the frame of a result', () => {
  it.each(OUTPUTS)('is cut to the subject, with a margin: %s', async (output) => {
    const { width, height } = await sizeOf(await ask(`?output=${output}&trim=true`));
    // The enlarged matte is soft at its edge.
    expect(Math.abs(width - 20) + Math.abs(height - 20)).toBeLessThan(10);
    const id = (await ask('')).headers.get('x-matte-id')!;
    expect(await sizeOf(await edge(id, { output, trim: true, margin: '7' }))).toEqual({
      width: width + 14,
      height: height + 14,
    });
  });

  it.each(OUTPUTS)('is of the size that is asked for, and the subject lies where it should: %s', async (output) => {
    const query = `?output=${output}&trim=true&size=50x90&margin=10%25&align=bottom&background=black`;
    const answer = await ask(query);
    expect(await sizeOf(answer)).toEqual({ width: 50, height: 90 });
    if (output === 'foreground') return;
    const channel = output === 'cutout' ? 3 : 0;
    const data = await sharp(answer.body).extractChannel(channel).toColorspace('b-w').raw().toBuffer();
    const rows = Array.from({ length: 90 }, (_, y) => data.subarray(50 * y, 50 * y + 50).some((value) => value > 128));
    // 9 pixels of margin all around, the rest as wide as 32.
    expect(rows.lastIndexOf(true)).toBeGreaterThan(74);
    expect(rows.lastIndexOf(true)).toBeLessThan(82);
    expect(rows.indexOf(true)).toBeGreaterThan(45);
  });

  it.each(['', '&size=30x30', '&margin=5%25', '&shadow=1'])('leaves an empty matte whole%s', async (more) => {
    const answer = await ask(`?output=cutout&trim=true${more}`, new Uint8Array(pixels.length));
    const wanted = more.includes('size') ? 30 : more.includes('margin') ? WIDTH + 8 : WIDTH;
    expect((await sizeOf(answer)).width).toBe(wanted);
  });

  it('can be had of a picture of one pixel', async () => {
    const send = (query: string) =>
      post(server.port, {
        query,
        headers: { ...rawHeaders(1, 1, 3), accept: 'image/png' },
        body: Uint8Array.of(255, 255, 255),
      });
    expect(await sizeOf(await send('?output=cutout&trim=true&size=900x900&fit=cover&shadow=0.5'))).toEqual({
      width: 900,
      height: 900,
    });
  });

  it.each([
    'margin=-1',
    'margin=NaN',
    'margin=99999',
    'margin=101%25',
    'margin=',
    'size=0x5',
    'size=30000x30000',
    'size=1e3x5',
    'size=5',
    'size=20x20&margin=10',
    'size=20x20&margin=50%25',
    'fit=cover',
    'align=top',
    'size=20x20&align=middle',
    'size=20x20&align=top-bottom',
    'size=20x20&fit=fill',
    'trim=yes',
    'shadow=2',
    'shadow=NaN',
    'output=psd&trim=true',
    'output=path&shadow=0.5',
  ])('refuses %s', async (query) => {
    expectError(await ask(`?output=cutout&${query}`.replace('output=cutout&output', 'output')), 'BAD_REQUEST');
  });

  it('refuses a canvas of more pixels than it makes', async () => {
    const id = (await ask('')).headers.get('x-matte-id')!;
    expectError(await edge(id, { output: 'alpha', margin: '10000' }), 'IMAGE_TOO_LARGE');
    expectError(await edge(id, { output: 'alpha', trim: true, width: 20 }), 'BAD_REQUEST');
    expectError(await edge(id, { output: 'alpha', margin: 'x'.repeat(100) }), 'BAD_REQUEST');
  });
});

describe('a shadow', () => {
  it('lies on the ground under a cutout, and darkens a composition there only', async () => {
    const [plain, cast] = await Promise.all(
      ['', '&shadow=0.6'].map(async (more) => {
        const answer = await ask(`?output=composition&background=white&margin=10${more}`);
        return sharp(answer.body).extractChannel(0).raw().toBuffer();
      }),
    );
    const width = WIDTH + 20;
    const at = (data: Buffer, x: number, y: number) => data[y * width + x]!;
    // The body ends at 40, and its middle is at 50.
    expect(at(plain!, 50, 41)).toBeGreaterThan(at(cast!, 50, 41));
    expect(at(cast!, 50, 5)).toBe(at(plain!, 50, 5));
    expect(at(cast!, 5, 41)).toBe(at(plain!, 5, 41));
    expect(at(cast!, 50, 30)).toBe(at(plain!, 50, 30));
    const [own, both] = await Promise.all(
      ['', '&shadow=0.6'].map(async (more) => {
        const answer = await ask(`?output=cutout&margin=10${more}`);
        return sharp(answer.body).extractChannel(3).raw().toBuffer();
      }),
    );
    const gained = Array.from({ length: 20 }, (_, i) => at(both!, 50, 40 + i) - at(own!, 50, 40 + i));
    expect(Math.max(...gained)).toBeGreaterThan(20);
    expect(Math.min(...gained)).toBeGreaterThanOrEqual(0);
  });
});
