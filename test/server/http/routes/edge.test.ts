import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { readStrictly } from '../../imaging/psd/strict-reader.ts';
import { type Answer, expectError, post, rawHeaders } from '../../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer({ keepMattesFor: 60_000 });
});
afterAll(() => server.close());

const [WIDTH, HEIGHT] = [80, 40];
/** Bright on the left, dark on the right: the stand-in network's alpha is the brightness. */
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
  const x = Math.floor(i / 3) % WIDTH;
  return Math.min(255, Math.max(0, 255 * (1.5 - x / 40)));
});
const RAW = 'application/octet-stream';

async function keep(query = ''): Promise<{ id: string; answer: Answer }> {
  const answer = await post(server.port, { query, headers: rawHeaders(WIDTH, HEIGHT, 3), body: pixels });
  expect(answer.status).toBe(200);
  return { id: answer.headers.get('x-matte-id')!, answer };
}

async function refine(id: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/mattes/${id}/edge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: RAW, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: new Map(response.headers), body: bytes };
}

describe('POST /v1/mattes/:id/edge', () => {
  it.each(['8', '16'])('answers the kept matte as it was, at depth %s, when nothing is asked', async (depth) => {
    const { id, answer } = await keep(`?depth=${depth}`);
    const same = await refine(id, { depth: Number(depth) });
    expect(same.status).toBe(200);
    expect(same.body.equals(answer.body)).toBe(true);
    expect(same.headers.get('x-image-depth')).toBe(depth);
    expect(same.headers.get('x-matte-id')).toBe(id);
    expect(same.headers.get('x-model')).toBe('stand-in');
  });

  it('keeps 16 bits of a matte that was asked for with 8', async () => {
    const [eight, sixteen] = [await keep('?depth=8'), await keep('?depth=16')];
    expect((await refine(eight.id, { depth: 16 })).body.equals(sixteen.answer.body)).toBe(true);
  });

  it('does not change the kept matte', async () => {
    const { id, answer } = await keep();
    const changed = await refine(id, { shift: 3, feather: 1.5, contrast: 10, hair: 0.2 });
    expect(changed.body.equals(answer.body)).toBe(false);
    expect((await refine(id, {})).body.equals(answer.body)).toBe(true);
  });

  it('answers PNG unless raw samples are asked for', async () => {
    const { id } = await keep();
    const png = await refine(id, {}, { accept: '*/*' });
    expect(png.headers.get('content-type')).toBe('image/png');
    expect(await sharp(png.body).metadata()).toMatchObject({ width: WIDTH, height: HEIGHT });
    expectError(await refine(id, {}, { accept: 'text/html' }), 'NOT_ACCEPTABLE');
  });

  it('gives a JPEG of what is opaque and has 8 bits', async () => {
    const { id } = await keep();
    for (const [output, channels] of [
      ['alpha', 1],
      ['composition', 3],
    ] as const) {
      const jpeg = await refine(id, { output, width: 40 }, { accept: 'image/jpeg' });
      expect(jpeg.headers.get('content-type')).toBe('image/jpeg');
      expect(await sharp(jpeg.body).metadata()).toMatchObject({ format: 'jpeg', width: 40, height: 20, channels: 3 });
      const raw = await refine(id, { output, width: 40 });
      const space = channels === 1 ? 'b-w' : 'srgb';
      const read = await sharp(jpeg.body).toColorspace(space).raw().toBuffer();
      expect(read).toHaveLength(raw.body.length);
      const error = read.reduce((sum, value, i) => sum + Math.abs(value - raw.body[i]!), 0) / read.length;
      expect(error).toBeLessThan(4);
    }
    expectError(await refine(id, { output: 'cutout' }, { accept: 'image/jpeg' }), 'NOT_ACCEPTABLE');
    expectError(await refine(id, { depth: 16 }, { accept: 'image/jpeg' }), 'NOT_ACCEPTABLE');
    const either = await refine(id, { output: 'cutout' }, { accept: 'image/jpeg, image/png;q=0.5' });
    expect(either.headers.get('content-type')).toBe('image/png');
  });

  it('lays what shows over a checkerboard of the size of the answer', async () => {
    const { id } = await keep();
    const dark = (body: Buffer, width: number, x: number, y: number) => body[3 * (y * width + x)]!;
    for (const [settings, width] of [
      [{}, WIDTH],
      [{ width: 40 }, 40],
    ] as const) {
      const { body } = await refine(id, { ...settings, output: 'composition', background: 'checker' });
      // The right edge of the picture is fully transparent.
      const squares = [0, 7, 8, 15, 16].map((y) => dark(body, width, width - 1, y));
      expect(new Set(squares)).toEqual(new Set([204, 255]));
      expect(squares[0]).toBe(squares[1]);
      expect(squares[2]).toBe(squares[3]);
      expect(squares[0]).toBe(squares[4]);
      expect(squares[0]).not.toBe(squares[2]);
    }
    const { answer } = await keep('?output=composition&background=checker');
    expect(answer.body.equals((await refine(id, { output: 'composition', background: 'checker' })).body)).toBe(true);
  });

  it('gives previews of colors that do not depend on what was asked for before', async () => {
    const settings = { output: 'cutout', width: 40, shift: 4 };
    const [one, two] = [await keep(), await keep()];
    for (const before of [{}, { shift: -9 }, { foreground: 'best' }, { width: 30 }, { feather: 5 }])
      await refine(one.id, { ...settings, ...before });
    const after = await refine(one.id, settings);
    expect(after.body.equals((await refine(two.id, settings)).body)).toBe(true);
  });

  it('previews in a smaller size, with lengths still in pixels of the picture', async () => {
    const { id } = await keep();
    const crossing = (row: Buffer) => row.findIndex((value) => value < 128);
    for (const shift of [0, -8]) {
      const small = await refine(id, { shift, width: 40 });
      const full = await refine(id, { shift });
      expect([small.headers.get('x-image-width'), small.headers.get('x-image-height')]).toEqual(['40', '20']);
      expect(Math.abs(crossing(small.body.subarray(0, 40)) * 2 - crossing(full.body.subarray(0, 80)))).toBeLessThan(3);
    }
    expect((await refine(id, { width: 5000 })).headers.get('x-image-width')).toBe(String(WIDTH));
  });

  it.each([undefined, 40])('gives every output, at width %s', async (width) => {
    const { id } = await keep();
    for (const [output, channels] of [
      ['alpha', 1],
      ['cutout', 4],
      ['foreground', 4],
      ['composition', 3],
    ] as const) {
      const answer = await refine(id, {
        output,
        ...(width && { width }),
        shift: 2,
        background: '#f00',
        decontaminate: 0.5,
      });
      expect(answer.headers.get('x-image-channels')).toBe(String(channels));
      const [w, h] = [Number(answer.headers.get('x-image-width')), Number(answer.headers.get('x-image-height'))];
      expect(answer.body.length).toBe(w * h * channels);
    }
  });

  it('keeps the transparency of the picture in previews', async () => {
    const rgba = new Uint8Array(WIDTH * HEIGHT * 4).fill(255).map((value, i) => (i % 4 === 3 ? 128 : value));
    const answer = await post(server.port, { headers: rawHeaders(WIDTH, HEIGHT, 4), body: rgba });
    const id = answer.headers.get('x-matte-id')!;
    const [full] = [await refine(id, { output: 'cutout' })];
    const small = await refine(id, { output: 'cutout', width: 40 });
    expect(small.body[3]).toBe(full.body[3]);
  });

  it.each([
    ['{"shift": 21}', 'The setting "shift" must be a number from -20 to 20.'],
    ['{"shift": "1"}', 'The setting "shift" must be a number from -20 to 20.'],
    ['{"feather": -1}', 'The setting "feather" must be a number from 0 to 250.'],
    ['{"hair": null}', 'The setting "hair" must be a number from -1 to 1.'],
    ['{"contrast": true}', 'The setting "contrast" must be a number from 0 to 100.'],
    ['{"depth": 12}', 'The setting "depth" must be 8 or 16.'],
    [
      '{"output": "mask"}',
      'The setting "output" must be alpha, cutout, foreground, composition, psd, path or picture.',
    ],
    ['{"width": 1.5}', 'The setting "width" must be a whole number of at least 16.'],
    ['{"shfit": 1}', 'The setting "shfit" is not known.'],
    ['[]', 'The body must be an object of known settings.'],
    ['{"background": "notacolor"}', '"notacolor" is not a color. Use a CSS name or #rrggbb.'],
  ])('refuses %s', async (body, sentence) => {
    const { id } = await keep();
    expect(expectError(await refine(id, body), 'BAD_REQUEST')).toBe(sentence);
  });

  it.each(['{', '', 'null,', '{"__proto__": {"shift": 1}}'])('refuses what is not JSON: %s', async (body) => {
    const { id } = await keep();
    expectError(await refine(id, body), 'BAD_REQUEST');
  });

  it('refuses long bodies and other types', async () => {
    const { id } = await keep();
    expectError(await refine(id, `{"background": "${' '.repeat(5000)}"}`), 'BODY_TOO_LARGE');
    for (const type of ['text/plain', 'image/png', RAW, 'application/x-www-form-urlencoded'])
      expectError(await refine(id, '{}', { 'content-type': type }), 'UNSUPPORTED_TYPE');
  });

  it('says when a matte is gone', async () => {
    for (const id of ['nothing', '0', '__proto__', '%00', '..%2F']) expectError(await refine(id, {}), 'MATTE_GONE');
  });
});

describe('DELETE /v1/mattes/:id', () => {
  it('drops the matte at once', async () => {
    const { id } = await keep();
    const url = `http://127.0.0.1:${server.port}/v1/mattes/${id}`;
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(404);
    expectError(await refine(id, {}), 'MATTE_GONE');
  });
});

describe('a small cache', () => {
  it('drops the oldest, and keeps a matte without its picture', async () => {
    const tiny = await startStandInServer({ maxCacheBytes: WIDTH * HEIGHT * 2 + 100 });
    const send = async () =>
      (await post(tiny.port, { headers: rawHeaders(WIDTH, HEIGHT, 3), body: pixels })).headers.get('x-matte-id')!;
    const ask = (id: string, body: object) =>
      fetch(`http://127.0.0.1:${tiny.port}/v1/mattes/${id}/edge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const [first, second] = [await send(), await send()];
    expect((await ask(first, {})).status).toBe(404);
    expect((await ask(second, {})).status).toBe(200);
    const colors = await ask(second, { output: 'cutout' });
    expect(await colors.json()).toMatchObject({
      error: { code: 'MATTE_GONE', message: 'The picture was too large to be kept beside its matte.' },
    });
    await tiny.close();
  });

  it.each([8, 16])('makes a document of %i bits with the changed edge as layer mask, always whole', async (depth) => {
    const { id } = await keep();
    const edge = { shift: 3, feather: 1, depth };
    const type = 'image/vnd.adobe.photoshop';
    const answer = await refine(id, { ...edge, output: 'psd', width: 40 }, { accept: type });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    const file = readStrictly(answer.body);
    expect(file).toMatchObject({ width: WIDTH, height: HEIGHT, depth });
    const alpha = (await refine(id, edge)).body;
    const samples = depth === 16 ? new Uint16Array(Uint8Array.from(alpha).buffer) : alpha;
    expect([...file.layers[0]!.channels.get(-2)!.samples]).toEqual([...samples]);
    expectError(await refine(id, { output: 'psd' }, { accept: 'image/png' }), 'NOT_ACCEPTABLE');
    expectError(await refine(id, { output: 'alpha' }, { accept: type }), 'NOT_ACCEPTABLE');
  });

  it('gives the picture back, whatever its edge, for programs that cannot read the file', async () => {
    const { id } = await keep();
    const answer = await refine(id, { output: 'picture', shift: 5 });
    expect([answer.headers.get('x-image-channels'), answer.body.equals(pixels)]).toEqual(['3', true]);
    const small = await refine(id, { output: 'picture', width: 40 }, { accept: 'image/png' });
    expect(await sharp(small.body).metadata()).toMatchObject({ width: 40, height: 20, channels: 3 });
  });
});
