import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { seeded } from '../../random.ts';
import { type Answer, expectError, expectedAlpha, post, rawHeaders } from '../../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.close());

/** A picture as large as the network's grid, so that every sample of its matte can be computed by hand. */
const SIDE = 64;
const random = seeded(1);
const source = { 3: [] as number[], 4: [] as number[] };
for (let i = 0; i < SIDE * SIDE; i++) {
  const pixel = [random(), random(), random()];
  source[3].push(...pixel);
  source[4].push(...pixel, 1);
}

function upload(channels: 3 | 4, depth: 8 | 16) {
  const max = depth === 8 ? 255 : 65535;
  const samples = source[channels].map((v) => Math.round(v * max));
  const body = depth === 8 ? Uint8Array.from(samples) : new Uint8Array(Uint16Array.from(samples).buffer);
  return { samples, max, request: { headers: rawHeaders(SIDE, SIDE, channels, depth), body } } as const;
}

function samplesOf({ body }: Answer, depth: 8 | 16): number[] {
  if (depth === 8) return [...body];
  return Array.from({ length: body.length / 2 }, (_, i) => body.readUInt16LE(2 * i));
}

describe('raw pixels', () => {
  it.each([
    [3, 8, 8],
    [4, 8, 8],
    [3, 16, 16],
    [4, 16, 16],
    [3, 8, 16],
    [4, 16, 8],
  ] as const)('%d channels of %d bits give a matte of %d bits', async (channels, depth, wanted) => {
    const { samples, max, request } = upload(channels, depth);
    const answer = await post(server.port, { ...request, query: `?depth=${wanted}` });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-image-width': '64',
      'x-image-height': '64',
      'x-image-channels': '1',
      'x-image-depth': String(wanted),
      'x-model': 'stand-in',
      'x-provider': 'cpu',
    });
    expect(answer.headers.get('x-matte-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get('server-timing')).toMatch(/inference;dur=\d/);
    const alpha = samplesOf(answer, wanted);
    expect(alpha).toHaveLength(SIDE * SIDE);
    const step = wanted === 8 ? 1 : 257;
    for (let i = 0; i < alpha.length; i++) {
      // The network sees 8 bits per channel, whatever was sent.
      const grid = [0, 1, 2].map((c) => Math.round((samples[channels * i + c]! * 255) / max));
      const mean = (grid[0]! + grid[1]! + grid[2]!) / 3 / 255;
      const expected = expectedAlpha(mean, wanted === 8 ? 255 : 65535);
      if (Math.abs(alpha[i]! - expected) > step) expect.fail(`${alpha[i]} instead of ${expected} at ${i}`);
    }
  });

  it('shows transparency to the network over mid-gray', async () => {
    const body = Uint8Array.from({ length: SIDE * SIDE * 4 }, (_, i) => (i % 4 === 3 ? 0 : 255));
    const answer = await post(server.port, { headers: rawHeaders(SIDE, SIDE), body });
    expect(Math.abs(answer.body[0]! - expectedAlpha(128 / 255, 255))).toBeLessThanOrEqual(1);
  });

  it('is answered with the same values as PNG', async () => {
    for (const depth of [8, 16] as const) {
      const { request } = upload(3, depth);
      const query = `?depth=${depth}`;
      const raw = samplesOf(await post(server.port, { ...request, query }), depth);
      const png = await post(server.port, { ...request, query, headers: { ...request.headers, accept: 'image/png' } });
      expect(png.headers.get('content-type')).toBe('image/png');
      const meta = await sharp(png.body).metadata();
      expect([meta.width, meta.height, meta.channels, meta.depth]).toEqual([
        64,
        64,
        1,
        depth === 8 ? 'uchar' : 'ushort',
      ]);
      const space = depth === 8 ? 'b-w' : 'grey16';
      const data = await sharp(png.body)
        .toColorspace(space)
        .raw({ depth: depth === 8 ? 'uchar' : 'ushort' })
        .toBuffer();
      const decoded = depth === 8 ? [...data] : [...new Uint16Array(data.buffer, data.byteOffset, data.length / 2)];
      expect(decoded).toEqual(raw);
    }
  });
});

describe('outputs', () => {
  it.each([8, 16] as const)(
    'cutout without decontamination keeps the colors, and is empty outside (%d bits)',
    async (depth) => {
      const { request, samples } = upload(3, depth);
      const alpha = samplesOf(await post(server.port, { ...request, query: `?depth=${depth}` }), depth);
      const answer = await post(server.port, { ...request, query: `?output=cutout&decontaminate=0&depth=${depth}` });
      expect([answer.headers.get('x-image-channels'), answer.headers.get('x-image-depth')]).toEqual([
        '4',
        String(depth),
      ]);
      const found = samplesOf(answer, depth);
      const expected = alpha.flatMap((a, i) => (a === 0 ? [0, 0, 0, 0] : [...samples.slice(3 * i, 3 * i + 3), a]));
      expect(found).toEqual(expected);
    },
  );

  it.each(['foreground', 'composition'])('%s of a bright, opaque picture is the picture', async (output) => {
    const body = new Uint8Array(SIDE * SIDE * 3).fill(255);
    const answer = await post(server.port, { headers: rawHeaders(SIDE, SIDE, 3), body, query: `?output=${output}` });
    expect(answer.status).toBe(200);
    expect(answer.body.every((v) => v === 255)).toBe(true);
    expect(answer.body).toHaveLength(SIDE * SIDE * (output === 'foreground' ? 4 : 3));
  });

  it('composition shows the background where the picture is dark', async () => {
    for (const depth of [8, 16] as const) {
      const body = new Uint8Array(SIDE * SIDE * 3);
      const query = `?output=composition&background=%23102030&depth=${depth}`;
      const answer = await post(server.port, { headers: rawHeaders(SIDE, SIDE, 3), body, query });
      const factor = depth === 8 ? 1 : 257;
      expect(samplesOf(answer, depth).slice(0, 3)).toEqual([16 * factor, 32 * factor, 48 * factor]);
      expect(answer.headers.get('x-image-depth')).toBe(String(depth));
    }
  });
});

describe('encoded pictures', () => {
  it('a photo of 1920 pixels keeps its size, and brightness becomes alpha', async () => {
    const root = path.dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
    const photo = readFileSync(path.join(root, 'demo', 'sample1.jpg'));
    const { width, height } = await sharp(photo).metadata();
    const headers = { 'content-type': 'image/jpeg', accept: 'application/octet-stream' };
    const answer = await post(server.port, { headers, body: Uint8Array.from(photo) });
    expect([answer.headers.get('x-image-width'), answer.headers.get('x-image-height')]).toEqual([
      `${width}`,
      `${height}`,
    ]);
    const small = await sharp(answer.body, { raw: { width, height, channels: 1 } })
      .resize(16, 16, { fit: 'fill' })
      .toColorspace('b-w')
      .raw()
      .toBuffer();
    const gray = await sharp(photo).resize(16, 16, { fit: 'fill' }).removeAlpha().raw().toBuffer();
    for (let i = 0; i < 256; i++) {
      const mean = (gray[3 * i]! + gray[3 * i + 1]! + gray[3 * i + 2]!) / 3;
      expect(Math.abs(small[i]! - mean)).toBeLessThan(16);
    }
  });

  it('are recognized by their bytes, not by the type that the client claims', async () => {
    const png = await sharp({ create: { width: 9, height: 7, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    const answer = await post(server.port, { headers: { 'content-type': 'image/jpeg' }, body: Uint8Array.from(png) });
    expect(answer.status).toBe(200);
    const bmp = Buffer.from('BM                                ');
    expectError(await post(server.port, { headers: { 'content-type': 'image/png' }, body: bmp }), 'NOT_AN_IMAGE');
    const cut = Uint8Array.from(png.subarray(0, 60));
    expectError(await post(server.port, { headers: { 'content-type': 'image/png' }, body: cut }), 'TRUNCATED_IMAGE');
  });
});

it('what is damaged is refused, or taken as far as it goes, and what shows no subject is said', async () => {
  const black = sharp({ create: { width: 64, height: 64, channels: 3, background: 'black' } });
  const jpeg = await black.jpeg().toBuffer();
  const cut = Buffer.concat([jpeg.subarray(0, jpeg.length - 20), Buffer.from([0xff, 0xd9])]);
  const send = (query: string, body: Buffer) =>
    post(server.port, { query, headers: { 'content-type': 'image/jpeg' }, body: Uint8Array.from(body) });
  expectError(await send('', cut), 'TRUNCATED_IMAGE');
  expect((await send('?allow-damaged=true', cut)).status).toBe(200);
  expect((await send('', jpeg)).headers.get('x-subject')).toBe('none');
  const white = await black.negate().jpeg().toBuffer();
  expect((await send('', white)).headers.get('x-subject')).toBe('found');
});

describe('weights', () => {
  const white = { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(255, 255, 255) };

  it('that are missing, cut or swapped are named, and their return is noticed without a restart', async () => {
    const bare = await startStandInServer({ maxJobs: 1 }, { install: false });
    const good = readFileSync(server.weightsFile);
    const state = async () => (await fetch(`${bare.url}/ready`)).status;
    try {
      expectError(await post(bare.port, white), 'WEIGHTS_MISSING');
      writeFileSync(bare.weightsFile, good.subarray(0, good.length - 1));
      expectError(await post(bare.port, white), 'WEIGHTS_CORRUPT');
      writeFileSync(bare.weightsFile, Buffer.alloc(good.length, 7));
      expectError(await post(bare.port, white), 'WEIGHTS_CORRUPT');
      expect(await state()).toBe(503);
      writeFileSync(`${bare.weightsFile}.new`, good);
      renameSync(`${bare.weightsFile}.new`, bare.weightsFile);
      const answers = await Promise.all([post(bare.port, white), state()]);
      expect(answers[0].status).toBe(200);
      expect(await state()).toBe(200);
      writeFileSync(bare.weightsFile, 'gone bad while loaded');
      expect((await post(bare.port, white)).status).toBe(200);
    } finally {
      await bare.close();
    }
  });
});

it('colors are answered in the profile of the picture and with what it says, or in sRGB without', async () => {
  const body = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#2c4' } })
    .withMetadata({ density: 240 })
    .withIccProfile('p3')
    .withExif({ IFD0: { Artist: 'Anna' } })
    .png()
    .toBuffer();
  const { icc } = await sharp(body).metadata();
  const ask = (query: string) => post(server.port, { query, headers: { 'content-type': 'image/png' }, body });
  const kept = await ask('?output=cutout');
  const plain = await ask('?output=cutout&profile=srgb&metadata=none');
  const edge = (settings: object) =>
    fetch(`http://127.0.0.1:${server.port}/v1/mattes/${kept.headers.get('x-matte-id')}/edge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    }).then(async (response) => Buffer.from(await response.arrayBuffer()));
  for (const file of [kept.body, await edge({ output: 'cutout' })]) {
    const info = await sharp(file).metadata();
    expect(info).toMatchObject({ icc, density: 240 });
    expect(info.exif!.includes('Anna')).toBe(true);
  }
  const small = await edge({ output: 'cutout', width: 16 });
  for (const file of [plain.body, small, await edge({ output: 'cutout', profile: 'srgb', metadata: 'none' })]) {
    const info = await sharp(file).metadata();
    expect(info.icc).not.toEqual(icc);
    expect(info.exif).toBeUndefined();
    const first = [...(await sharp(file, { ignoreIcc: true }).raw().toBuffer()).subarray(0, 3)];
    for (const [i, value] of [0x22, 0xcc, 0x44].entries()) expect(Math.abs(first[i]! - value)).toBeLessThan(8);
  }
  expect((await sharp((await ask('')).body).metadata()).density).toBe(240);
});
