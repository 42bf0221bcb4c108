import { connect } from 'node:net';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { expectError, lines, post, rawHeaders, talk } from '../../talk.ts';

let server: StandInServer;
const png = await sharp({ create: { width: 20, height: 10, channels: 3, background: '#808080' } })
  .png()
  .toBuffer();
beforeAll(async () => {
  server = await startStandInServer({ maxJobs: 2 });
});
afterAll(() => server.close());

const MULTIPART = 'multipart/form-data; boundary=frontier';
const part = (disposition: string, content: string, type?: string) =>
  `--frontier\r\nContent-Disposition: form-data; ${disposition}\r\n${type ? `Content-Type: ${type}\r\n` : ''}\r\n${content}\r\n`;
const file = (content = png, name = 'file') =>
  part(`name="${name}"; filename="a.png"`, content.toString('latin1'), 'image/png');
const form = (text: string, type = MULTIPART) =>
  post(server.port, { headers: { 'content-type': type }, body: Buffer.from(text, 'latin1') });

async function expectAlive(): Promise<void> {
  const body = Uint8Array.of(255, 255, 255);
  // As many at once as there are places: a place that was not given back shows.
  const answers = await Promise.all([1, 2].map(() => post(server.port, { headers: rawHeaders(1, 1, 3), body })));
  expect(answers.map(({ status, body: [alpha] }) => [status, alpha])).toEqual([
    [200, 255],
    [200, 255],
  ]);
}

describe('a mask whose edge is found anew', () => {
  const gray = (width: number, value: number, draw: (x: number) => number = () => value) =>
    sharp(
      Uint8Array.from({ length: width * 10 }, (_, i) => draw(i % width)),
      {
        raw: { width, height: 10, channels: 1 },
      },
    )
      .png()
      .toBuffer();
  const half = (x: number) => (x < 10 ? 255 : 0);
  const send = async (mask: Buffer | null, query = '', strokes?: Buffer) => {
    const body = new FormData();
    if (mask) body.append('mask', new Blob([Uint8Array.from(mask)]), 'mask.png');
    if (strokes) body.append('strokes', new Blob([Uint8Array.from(strokes)]), 'strokes.png');
    body.append('image', new Blob([Uint8Array.from(png)]), 'x.png');
    return post(server.port, { body, query });
  };

  it('comes in the field "mask" of a form, before or after the picture, and stands away from its edge', async () => {
    const answer = await send(await gray(20, 0, half));
    expect(answer.status).toBe(200);
    const data = await sharp(answer.body).extractChannel(0).raw().toBuffer();
    expect([data[0], data[19]]).toEqual([255, 0]);
  });

  it.each([8, 16])('follows raw pixels, %i bits of each', async (depth) => {
    const [width, height] = [20, 10];
    const pixels = Buffer.alloc(width * height * 3, 128);
    const mask = Buffer.alloc((width * height * depth) / 8);
    for (let i = 0; i < width * height; i++) {
      if (depth === 8) mask[i] = half(i % width);
      else mask.writeUInt16LE(half(i % width) * 257, 2 * i);
    }
    const headers = { ...rawHeaders(width, height, 3), 'x-image-mask': String(depth) };
    const answer = await post(server.port, { headers, body: Buffer.concat([pixels, mask]) });
    expect(answer.status).toBe(200);
    expect([answer.body[0], answer.body[19]]).toEqual([255, 0]);
    expectError(await post(server.port, { headers, body: pixels }), 'SIZE_MISMATCH');
    expectError(await post(server.port, { headers: { ...headers, 'x-image-mask': '1' }, body: pixels }), 'BAD_REQUEST');
  });

  it('is refused where it has another size, no edge, or is no picture', async () => {
    expectError(await send(await gray(21, 0, half)), 'BAD_REQUEST');
    expectError(await send(await gray(20, 255)), 'BAD_REQUEST');
    expectError(await send(Buffer.from('not a picture')), 'NOT_AN_IMAGE');
    const whole = await gray(20, 0, half);
    expectError(await send(whole.subarray(0, whole.length - 20)), 'TRUNCATED_IMAGE');
  });

  it('is corrected by strokes of any size, which stand', async () => {
    // Removed: the left eighth. Kept: the right eighth. Between them nothing is painted.
    const strokes = (channels: 3 | 4) =>
      sharp(
        Uint8Array.from({ length: 8 * 4 * channels }, (_, i) => {
          const x = Math.floor(i / channels) % 8;
          return i % channels === 3 ? (x === 0 || x === 7 ? 255 : 0) : x > 3 ? 255 : 0;
        }),
        { raw: { width: 8, height: 4, channels } },
      )
        .png()
        .toBuffer();
    const mask = await gray(20, 0, half);
    const answer = await send(mask, '', await strokes(4));
    expect(answer.status).toBe(200);
    const data = await sharp(answer.body).extractChannel(0).raw().toBuffer();
    expect([data[0], data[19]]).toEqual([0, 255]);
    expectError(await send(mask, '', await strokes(3)), 'BAD_REQUEST');
    expectError(await send(mask, '', Buffer.from('not a picture')), 'NOT_AN_IMAGE');
    expectError(await send(null, '', await strokes(4)), 'BAD_REQUEST');
  });

  it('says itself what the subject is', async () => {
    const mask = await gray(20, 0, half);
    expectError(await send(mask, '?subjects=largest'), 'BAD_REQUEST');
    expectError(await send(mask, '?region=0,0,5,5'), 'BAD_REQUEST');
  });

  it('leaves the server alive', expectAlive);
});

describe('forms', () => {
  it('takes the file of a form as fetch and curl write it', async () => {
    const body = new FormData();
    body.append('picture', new Blob([Uint8Array.from(png)], { type: 'image/png' }), 'x.png');
    const answer = await post(server.port, { body });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect([answer.headers.get('x-image-width'), answer.headers.get('x-image-height')]).toEqual(['20', '10']);
  });

  it('takes a file whatever it is called and whatever type it claims', async () => {
    expect((await form(`${part('name="f"; filename="x.exe"', png.toString('latin1'))}--frontier--\r\n`)).status).toBe(
      200,
    );
  });

  it('takes a file after other fields', async () => {
    const fields = Array.from({ length: 10 }, (_, i) => part(`name="f${i}"`, 'x')).join('');
    expect((await form(`${fields}${file()}--frontier--\r\n`)).status).toBe(200);
  });

  it('takes the first of two files', async () => {
    expect((await form(`${file()}${file(Buffer.from('not a picture'))}--frontier--\r\n`)).status).toBe(200);
    expectError(await form(`${file(Buffer.from('not a picture'))}${file()}--frontier--\r\n`), 'NOT_AN_IMAGE');
  });

  it.each([
    ['a form without a file', `${part('name="a"', 'b')}--frontier--\r\n`, 'EMPTY_BODY'],
    ['an empty form', '--frontier--\r\n', 'EMPTY_BODY'],
    ['an empty file', `${part('name="f"; filename="x"', '', 'image/png')}--frontier--\r\n`, 'EMPTY_BODY'],
    [
      'too many fields',
      `${Array.from({ length: 100 }, (_, i) => part(`name="f${i}"`, 'x')).join('')}--frontier--\r\n`,
      'BAD_REQUEST',
    ],
    ['a field named __proto__', `${part('name="__proto__"', 'x')}--frontier--\r\n`, 'BAD_REQUEST'],
    [
      'a file named __proto__',
      `${part('name="__proto__"; filename="x"', 'x', 'image/png')}--frontier--\r\n`,
      'BAD_REQUEST',
    ],
    ['broken JSON in a field', `${part('name="a"', '{', 'application/json')}--frontier--\r\n`, 'BAD_REQUEST'],
    ['another boundary', '--other\r\n\r\n--other--\r\n', 'BAD_REQUEST'],
    ['a file without an end', file().slice(0, -2), 'BAD_REQUEST'],
    ['a part without an end', part('name="a"', 'b'), 'BAD_REQUEST'],
    ['a part cut in its headers', '--frontier\r\nContent-Dispo', 'BAD_REQUEST'],
    ['no form at all', 'hello', 'BAD_REQUEST'],
    ['a nested form', `${part('name="a"', 'x', 'multipart/mixed; boundary=inner')}--frontier--\r\n`, 'EMPTY_BODY'],
    ['headers of 200,000 characters', `--frontier\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`, 'BAD_REQUEST'],
  ] as const)('%s', async (_name, text, code) => {
    expectError(await form(text), code);
    await expectAlive();
  });

  it('a huge field is not kept', async () => {
    expect((await form(`${part('name="a"', 'x'.repeat(1e6))}${file()}--frontier--\r\n`)).status).toBe(200);
  });

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="',
    'multipart/form-data; x=y',
  ])('%s has no boundary', async (type) => {
    expectError(await form(`${file()}--frontier--\r\n`, type), 'BAD_REQUEST');
    await expectAlive();
  });
});

describe('lengths', () => {
  const stream = (...chunks: Uint8Array[]) =>
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });

  it('takes raw pixels and pictures in chunks, without a length', async () => {
    const raw = await post(server.port, {
      headers: rawHeaders(2, 1, 3),
      body: stream(Uint8Array.of(255, 255), Uint8Array.of(255, 255, 255, 255)),
    });
    expect([...raw.body]).toEqual([255, 255]);
    const encoded = await post(server.port, {
      headers: { 'content-type': 'image/png' },
      body: stream(png.subarray(0, 7), png.subarray(7)),
    });
    expect(encoded.status).toBe(200);
  });

  it.each([
    ['short', 5],
    ['long', 7],
  ])('raw chunks that are too %s', async (_name, bytes) => {
    for (const [depth, width] of [
      [8, 2],
      [16, 1],
    ] as const) {
      const sent = { headers: rawHeaders(width, 1, 3, depth), body: stream(new Uint8Array(bytes)) };
      expect(expectError(await post(server.port, sent), 'SIZE_MISMATCH')).toContain('6 bytes');
    }
    await expectAlive();
  });

  it('answers an endless upload instead of cutting it off', async () => {
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const headers = Object.entries(rawHeaders(1, 1)).map(([name, value]) => `${name}: ${value}`);
    const text = lines(server.port, 'POST /v1/mattes', [...headers, 'Transfer-Encoding: chunked'], chunk.repeat(40));
    expectError(await talk(server.port, text), 'SIZE_MISMATCH');
    await expectAlive();
  });

  it('refuses a length beyond the limit before the body comes', async () => {
    const ask = (type: string, length: number) =>
      talk(server.port, lines(server.port, 'POST /v1/mattes', [`Content-Type: ${type}`, `Content-Length: ${length}`]));
    expectError(await ask('image/png', 2 ** 29 + 1), 'BODY_TOO_LARGE');
    expectError(await ask(MULTIPART, 2 ** 40), 'BODY_TOO_LARGE');
    await expectAlive();
  });

  it.each(['image/png', 'application/octet-stream', MULTIPART])('an empty body of %s', async (type) => {
    const headers = [`Content-Type: ${type}`, 'X-Image-Width: 1', 'X-Image-Height: 1'];
    for (const [length, body] of [
      [['Content-Length: 0'], ''],
      [[], ''],
      [['Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ] as const) {
      expectError(
        await talk(server.port, lines(server.port, 'POST /v1/mattes', [...headers, ...length], body)),
        'EMPTY_BODY',
      );
    }
  });
});

describe('clients that leave', () => {
  const starts: [name: string, headers: string[], body: Buffer][] = [
    ['before the body', ['Content-Type: image/png', 'Content-Length: 1000'], Buffer.alloc(0)],
    ['during a picture', ['Content-Type: image/png', 'Content-Length: 1000'], Buffer.alloc(500)],
    ['during chunks', ['Content-Type: image/png', 'Transfer-Encoding: chunked'], Buffer.from('5\r\nabcde\r\n')],
    [
      'during raw pixels',
      [...Object.entries(rawHeaders(10, 10)).map(([name, value]) => `${name}: ${value}`), 'Content-Length: 400'],
      Buffer.alloc(100),
    ],
    ['during a form', [`Content-Type: ${MULTIPART}`, 'Content-Length: 9000'], Buffer.from(file(), 'latin1')],
    ['before a form', [`Content-Type: ${MULTIPART}`, 'Content-Length: 9000'], Buffer.alloc(0)],
    [
      'during a field',
      [`Content-Type: ${MULTIPART}`, 'Content-Length: 9000'],
      Buffer.from(part('name="a"', 'x'.repeat(2000)), 'latin1'),
    ],
  ];
  it.each(starts)('%s give their place back, 50 times', async (_name, headers, body) => {
    for (let i = 0; i < 50; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(server.port, '127.0.0.1', () => {
          socket.write(lines(server.port, 'POST /v1/mattes', headers));
          socket.write(body, () => setImmediate(() => (i % 2 ? socket.destroy() : socket.resetAndDestroy())));
        });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
      });
    }
    await expectEventually(expectAlive);
  });
});

/** The server hears of a broken connection a moment later than the client. */
async function expectEventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return await check();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  await check();
}
