import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorBody } from '../../../../protocol/schemas/failure.ts';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { seeded } from '../../random.ts';
import { type Answer, expectError, expectedAlpha, lines, post, talk } from '../../talk.ts';

/** As large as the network's grid, so that every sample of the matte can be computed by hand. */
const SIDE = 64;
const random = seeded(3);
const samples = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => Math.round(random() * 255));
const alphas = Array.from({ length: SIDE * SIDE }, (_, i) => {
  const mean = (samples[3 * i]! + samples[3 * i + 1]! + samples[3 * i + 2]!) / 3 / 255;
  return expectedAlpha(mean, 255);
});

let png: Buffer;
let open: StandInServer;
let closed: StandInServer;
let web: Server;
let address: string;
let asked: string[] = [];

beforeAll(async () => {
  png = await sharp(samples, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toBuffer();
  web = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url === '/picture.png') response.end(png);
    else if (request.url === '/moved') response.writeHead(302, { location: '/picture.png' }).end();
    else if (request.url === '/page') response.end('<html>');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  [open, closed] = await Promise.all([startStandInServer({ allowPrivateUrls: true }), startStandInServer()]);
});
afterAll(async () => {
  await Promise.all([open.close(), closed.close()]);
  web.closeAllConnections();
  web.close();
});

interface Request {
  method?: string;
  query?: string | Record<string, string>;
  body?: FormData | URLSearchParams | string;
  headers?: Record<string, string>;
  server?: StandInServer;
}

async function ask({ method = 'POST', query = '', body, headers = {}, server = open }: Request): Promise<Answer> {
  const text = typeof query === 'string' ? query : new URLSearchParams(query);
  const response = await fetch(`http://127.0.0.1:${server.port}/api/remove?${text}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: new Map(response.headers), body: bytes };
}

function form(fields: Record<string, string> = {}, file: Buffer | null = png, fieldsFirst = false): FormData {
  const data = new FormData();
  const add = () => Object.entries(fields).forEach(([name, value]) => void data.append(name, value));
  if (fieldsFirst) add();
  if (file) data.append('file', new Blob([new Uint8Array(file)]), 'portrait.png');
  if (!fieldsFirst) add();
  return data;
}

async function pixelsOf({ status, headers, body }: Answer, channels: number): Promise<Buffer> {
  expect(status, body.toString('latin1', 0, 300)).toBe(200);
  expect(headers.get('content-type')).toBe('image/png');
  const image = sharp(body);
  const meta = await image.metadata();
  expect([meta.width, meta.height, meta.channels, meta.depth]).toEqual([SIDE, SIDE, channels, 'uchar']);
  return image
    .toColorspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
}

function expectAlphas(pixels: Buffer, channels: 1 | 4): void {
  const found = alphas.map((_, i) => pixels[channels * i + channels - 1]!);
  const worst = Math.max(...found.map((a, i) => Math.abs(a - alphas[i]!)));
  expect(worst).toBeLessThanOrEqual(1);
}

describe('POST /api/remove', () => {
  it('answers a file with the cut-out', async () => {
    expectAlphas(await pixelsOf(await ask({ body: form() }), 4), 4);
  });

  it('takes what curl -F sends, byte for byte', async () => {
    const head =
      'Content-Disposition: form-data; name="file"; filename="input.jpg"\r\nContent-Type: image/jpeg\r\n\r\n';
    const body = Buffer.concat([Buffer.from(`--x1\r\n${head}`), png, Buffer.from('\r\n--x1--\r\n')]);
    const headers = [
      'User-Agent: curl/8.5.0',
      'Accept: */*',
      `Content-Length: ${body.length}`,
      'Content-Type: multipart/form-data; boundary=x1',
    ];
    const start = lines(open.port, 'POST /api/remove', headers);
    const answer = await talk(open.port, Buffer.concat([Buffer.from(start), body]));
    expectAlphas(await pixelsOf(answer!, 4), 4);
  });

  it('takes parameters as fields, before or after the file, and as a query; fields win', async () => {
    for (const first of [true, false])
      expectAlphas(await pixelsOf(await ask({ body: form({ om: 'true', a: 'True' }, png, first) }), 1), 1);
    expectAlphas(await pixelsOf(await ask({ body: form(), query: 'om=true' }), 1), 1);
    expectAlphas(await pixelsOf(await ask({ body: form({ om: 'false' }), query: 'om=true' }), 4), 4);
    expectAlphas(await pixelsOf(await ask({ body: form(), query: 'om=false&om=1&unknown=x&model=u2netp' }), 1), 1);
  });

  it('puts the subject over a color', async () => {
    const pixels = await pixelsOf(await ask({ body: form({ dc: 'false' }), query: { bgc: '10,200,30,255' } }), 3);
    const background = [10, 200, 30];
    const worst = Array.from(pixels, (value, i) => {
      const a = alphas[Math.floor(i / 3)]! / 255;
      return Math.abs(value - (samples[i]! * a + background[i % 3]! * (1 - a)));
    });
    expect(Math.max(...worst)).toBeLessThanOrEqual(2);
  });

  it('makes masks hard with ppm', async () => {
    const half = new Uint8Array(SIDE * SIDE * 3);
    half.fill(255, 0, half.length / 2);
    // A lone light pixel in the dark half: smoothing takes it away.
    half.fill(255, (48 * SIDE + 32) * 3, (48 * SIDE + 32) * 3 + 3);
    const picture = await sharp(half, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .blur(1)
      .png()
      .toBuffer();
    const soft = await pixelsOf(await ask({ body: form({ om: 'true' }, picture) }), 1);
    expect(new Set(soft).size).toBeGreaterThan(2);
    const hard = await pixelsOf(await ask({ body: form({ om: 'true', ppm: 'true' }, picture) }), 1);
    expect([...new Set(hard)].sort()).toEqual([0, 255]);
    const light = [...hard].filter((a) => a === 255).length;
    expect(Math.abs(light - (SIDE * SIDE) / 2)).toBeLessThanOrEqual(SIDE);
    const cutout = await pixelsOf(await ask({ body: form({ ppm: 'true' }, picture) }), 4);
    expect([...new Set(cutout.filter((_, i) => i % 4 === 3))].sort()).toEqual([0, 255]);
  });

  it('takes an address instead of a file, in every kind of body', async () => {
    const url = `${address}/picture.png`;
    const json = { 'content-type': 'application/json' };
    const answers = [
      ask({ body: form({ url, om: 'true' }, null) }),
      ask({ body: new URLSearchParams({ url, om: 'true' }) }),
      ask({ body: JSON.stringify({ url, om: true }), headers: json }),
      ask({ body: new URLSearchParams({ om: 'true' }), query: { url } }),
      ask({ body: new URLSearchParams({ om: 'true', url: `${address}/moved` }) }),
    ];
    for (const answer of await Promise.all(answers)) expectAlphas(await pixelsOf(answer, 1), 1);
  });

  it('can be a job, too', async () => {
    const answer = await ask({ body: form({ om: 'true' }), headers: { prefer: 'respond-async, wait=30' } });
    expectAlphas(await pixelsOf(answer, 1), 1);
  });

  it('refuses in the words of the table', async () => {
    expectError(await ask({ body: form({}, null) }), 'EMPTY_BODY');
    expectError(await ask({ body: form({}, Buffer.alloc(0)) }), 'EMPTY_BODY');
    expectError(await ask({ body: form({}, Buffer.from('no picture')) }), 'NOT_AN_IMAGE');
    expectError(await ask({ body: form({ model: 'sam' }) }), 'UNKNOWN_MODEL');
    expectError(await ask({ body: form(), query: 'model=u2net_cloth_seg' }), 'UNKNOWN_MODEL');
    expectError(await ask({ body: form({ om: 'perhaps' }) }), 'BAD_REQUEST');
    expectError(await ask({ body: form({ bgc: '1,2,3,4' }) }), 'BAD_REQUEST');
    expectError(await ask({ body: form({ extras: 'x'.repeat(9000) }) }), 'BAD_REQUEST');
    expectError(await ask({ body: 'x', headers: { 'content-type': 'text/plain' } }), 'UNSUPPORTED_TYPE');
    const json = { 'content-type': 'application/json' };
    for (const body of ['[]', 'null', '{', '"x"', '{"__proto__": {"url": "x"}}'])
      expectError(await ask({ body, headers: json }), 'BAD_REQUEST');
    const deep = `${'['.repeat(7000)}${']'.repeat(7000)}`;
    for (const value of ['{"toString": 1, "valueOf": 1}', '{}', '[[{}]]', deep])
      for (const name of ['url', 'om', 'bgc', 'model', 'af'])
        expectError(await ask({ body: `{"${name}": ${value}}`, headers: json }), 'BAD_REQUEST');
    expectError(await ask({ body: '{}', headers: json }), 'EMPTY_BODY');
    expectError(await ask({ body: `{"extras": "${'x'.repeat(20_000)}"}`, headers: json }), 'BODY_TOO_LARGE');
    expectError(await ask({ body: new URLSearchParams({ url: `${address}/none` }) }), 'URL_FAILED');
    expectError(await ask({ body: new URLSearchParams({ url: `${address}/page` }) }), 'NOT_AN_IMAGE');
    const metrics = await fetch(`http://127.0.0.1:${open.port}/metrics`);
    expect(await metrics.text()).toMatch(/^hairline_jobs 0$/m);
  });
});

it('damaged forms and parameters are refused with a code', async () => {
  const below = (limit: number) => Math.floor(random() * limit);
  const part = (name: string, value: string) =>
    `--x1\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const head =
    '--x1\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n';
  const whole = Buffer.concat([
    Buffer.from(part('om', 'true') + part('bgc', '1,2,3,255') + head),
    png.subarray(0, 2000),
    Buffer.from(`\r\n${part('model', 'u2net')}--x1--\r\n`),
  ]);
  const queries = ['', '?om', '?om=%', '?bgc=,,,', '?model[]=x', '?url=http://[', '?a=1&a=2', '?__proto__=x', '?=&&'];
  const seen = new Map<number, number>();
  for (let i = 0; i < 300; i++) {
    const body = Buffer.from(whole);
    // Not in the picture, whose decoder is tested elsewhere.
    for (let n = 1 + below(3); n > 0; n--) {
      const at = below(500) < 400 ? below(330) : body.length - 1 - below(90);
      body[at] = [0, 0x0d, 0x0a, 0x22, 0x2d, 0xff, below(256)][below(7)]!;
    }
    const headers = [`Content-Length: ${body.length}`, 'Content-Type: multipart/form-data; boundary=x1'];
    const start = lines(open.port, `POST /api/remove${queries[below(queries.length)]}`, headers);
    const answer = await talk(open.port, Buffer.concat([Buffer.from(start), body]));
    const { error } = JSON.parse(answer!.body.toString()) as ErrorBody;
    expectError(answer, error.code);
    expect(answer!.status, error.message).toBeLessThan(500);
    seen.set(answer!.status, (seen.get(answer!.status) ?? 0) + 1);
  }
  expect(seen.size).toBeGreaterThan(1);
});

describe('GET /api/remove', () => {
  it('cuts out the picture at an address', async () => {
    const query = { url: `${address}/picture.png`, model: 'u2net_human_seg', a: 'true' };
    const answer = await ask({ method: 'GET', query });
    expectAlphas(await pixelsOf(answer, 4), 4);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('needs the address, and does nothing for HEAD', async () => {
    expectError(await ask({ method: 'GET' }), 'BAD_REQUEST');
    asked = [];
    const head = await ask({ method: 'HEAD', query: { url: `${address}/picture.png` } });
    expect([head.status, asked]).toEqual([405, []]);
  });

  it('is nothing that a web page can ask for', async () => {
    asked = [];
    const path = `/api/remove?url=${encodeURIComponent(`${address}/picture.png`)}`;
    for (const site of ['cross-site', 'same-site'])
      for (const [mode, dest] of [
        ['no-cors', 'image'],
        ['navigate', 'document'],
        ['navigate', 'iframe'],
      ])
        expectError(
          await talk(
            open.port,
            lines(open.port, `GET ${path}`, [
              `Sec-Fetch-Site: ${site}`,
              `Sec-Fetch-Mode: ${mode}`,
              `Sec-Fetch-Dest: ${dest}`,
            ]),
          ),
          'FORBIDDEN_ORIGIN',
        );
    expect(asked).toEqual([]);
  });

  it('fetches nothing from inside unless that is allowed', async () => {
    asked = [];
    const url = `${address}/picture.png`;
    const port = new URL(address).port;
    const spellings = [
      url,
      `http://localhost:${port}/`,
      `http://2130706433:${port}/`,
      `http://[::ffff:7f00:1]:${port}`,
    ];
    for (const spelling of spellings) {
      expectError(await ask({ method: 'GET', query: { url: spelling }, server: closed }), 'URL_REFUSED');
      const body = new URLSearchParams({ url: spelling });
      expectError(await ask({ body, server: closed }), 'URL_REFUSED');
      expectError(await ask({ body: form({ url: spelling }, null), server: closed }), 'URL_REFUSED');
    }
    expectError(await ask({ method: 'GET', query: { url: 'file:///etc/hosts' }, server: open }), 'URL_REFUSED');
    expect(asked).toEqual([]);
  });
});

it('fields and JSON open no other route', async () => {
  const body = new TextEncoder().encode('{}');
  for (const type of ['application/json', 'application/x-www-form-urlencoded'])
    expectError(await post(open.port, { headers: { 'content-type': type }, body }), 'UNSUPPORTED_TYPE');
});
