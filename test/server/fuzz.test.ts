import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '../../protocol/errors.ts';
import { type StandInServer, startStandInServer } from '../fixtures/stand-in.ts';
import { seeded } from './random.ts';
import { type Answer, expectError, lines, post, rawHeaders, talk } from './talk.ts';

const random = seeded(20260101);
const below = (limit: number) => Math.floor(random() * limit);
const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;

let server: StandInServer;
/** For requests whose length was changed: their bodies never come. */
let impatient: StandInServer;
beforeAll(async () => {
  server = await startStandInServer();
  impatient = await startStandInServer({ requestTimeout: 500 });
});
afterAll(async () => {
  const body = Uint8Array.of(255, 255, 255);
  // As many at once as there are places: none may have been lost.
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => post(server.port, { headers: rawHeaders(1, 1, 3), body })),
  );
  expect(answers.map(({ status, body: [alpha] }) => [status, alpha])).toEqual(Array(8).fill([200, 255]));
  await Promise.all([server.close(), impatient.close()]);
});

/** Flips, overwrites, cuts, doubles and fills a few places. */
function mutate(bytes: Buffer): Buffer {
  let out = Buffer.from(bytes);
  for (let i = 1 + below(4); i > 0; i--) {
    const at = below(out.length);
    const many = 1 + below(16);
    switch (below(6)) {
      case 0:
        out[at]! ^= 1 << below(8);
        break;
      case 1:
        out[at] = pick([0, 1, 0x7f, 0x80, 0xff]);
        break;
      case 2:
        out = Buffer.from(out.subarray(0, Math.max(13, at)));
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(Math.max(0, at - many))]);
        break;
      case 4:
        out.fill(pick([0, 0xff]), at, Math.min(out.length, at + many));
        break;
      default:
        out = Buffer.concat([
          out.subarray(0, at),
          Buffer.from(Array.from({ length: many }, () => below(256))),
          out.subarray(at),
        ]);
    }
  }
  return out;
}

/** Anything but a hang-up without words, an unforeseen error or a shape of its own. */
function expectCivil(answer: Answer | null, context: string): void {
  expect(answer, context).not.toBeNull();
  const { status, body } = answer!;
  expect(status, `${context} ${body.subarray(0, 300)}`).not.toBe(500);
  if (status === 200) return;
  const { code } = (JSON.parse(body.toString()) as { error: { code: keyof typeof ERRORS } }).error;
  expect(ERRORS, context).toHaveProperty(code);
  expectError(answer, code);
}

/** Four at a time, as a busy panel would. */
async function repeat(times: number, send: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < times) await send(next++);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

describe('mutated requests', () => {
  it('pictures', async () => {
    const noise = Uint8Array.from({ length: 24 * 16 * 4 }, () => below(256));
    const image = () => sharp(noise, { raw: { width: 24, height: 16, channels: 4 } });
    const files = await Promise.all([
      image().flatten().jpeg().toBuffer(),
      image().flatten().jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
      image().flatten().toColourspace('cmyk').jpeg().toBuffer(),
      image().png().toBuffer(),
      image().png({ palette: true }).toBuffer(),
      image().toColourspace('rgb16').png().toBuffer(),
      image().webp().toBuffer(),
      image().webp({ lossless: true }).toBuffer(),
      image().tiff({ compression: 'none' }).toBuffer(),
      image().tiff({ compression: 'lzw' }).toBuffer(),
      image().tiff({ compression: 'jpeg' }).toBuffer(),
      image().avif({ effort: 0 }).toBuffer(),
    ]);
    await repeat(900, async (i) => {
      const body = mutate(files[i % files.length]!);
      const type = pick(['image/jpeg', 'image/png', 'image/webp', 'image/tiff', 'image/avif']);
      const query = pick(['', '?output=cutout', '?output=foreground&depth=16', '?output=composition']);
      const answer = await post(server.port, { query, headers: { 'content-type': type }, body: Uint8Array.from(body) });
      expectCivil(answer, `${query} ${body.toString('base64')}`);
    });
  });

  it('headers and addresses', async () => {
    const valid = lines(
      impatient.port,
      'POST /v1/mattes?model=auto&output=cutout&depth=8&background=white',
      [
        ...Object.entries(rawHeaders(2, 2, 3, 8)).map(([name, value]) => `${name}: ${value}`),
        'Accept: */*',
        'Content-Length: 12',
      ],
      'abcdefghijkl',
    );
    const head = valid.length - 12;
    await repeat(300, async () => {
      const text = Buffer.from(valid);
      const oddities = [0, 9, 10, 13, 32, 34, 37, 38, 44, 47, 58, 59, 61, 63, 91, 127, 128, 255, 48, 57, 45];
      for (let i = 1 + below(3); i > 0; i--) text[below(head)] = pick(oddities);
      expectCivil(await talk(impatient.port, text), JSON.stringify(text.toString('latin1')));
    });
  });

  it('forms', async () => {
    const png = await sharp({ create: { width: 9, height: 7, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const part = (head: string, content: Buffer) => [
      Buffer.from(`--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      content,
    ];
    const valid = Buffer.concat([
      ...part('name="note"', Buffer.from('hello')),
      Buffer.from('\r\n'),
      ...part('name="picture"; filename="a.png"', png),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    await repeat(300, async () => {
      const body = mutate(valid);
      const type = pick(['b', 'b', 'b', '"b"', 'c', '']);
      const headers = { 'content-type': `multipart/form-data; boundary=${type}` };
      expectCivil(await post(server.port, { headers, body: Uint8Array.from(body) }), body.toString('latin1'));
    });
  });
});
