import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { readStrictly } from '../../imaging/psd/strict-reader.ts';
import { expectError, post, rawHeaders } from '../../talk.ts';

const TYPE = 'image/vnd.adobe.photoshop';
const WIDTH = 5;
const HEIGHT = 4;

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.close());

const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 4 }, (_, i) => (i * 7) % 256);
const ask = (query: string, headers: Record<string, string> = {}) =>
  post(server.port, { query, headers: { ...rawHeaders(WIDTH, HEIGHT), ...headers }, body: pixels });

describe('output=psd', () => {
  it.each([8, 16] as const)('is a document of %i bits with the matte as layer mask', async (depth) => {
    const { status, headers, body } = await ask(`?output=psd&depth=${depth}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(TYPE);
    expect(headers.get('content-length')).toBe(String(body.length));
    expect(headers.get('content-disposition')).toBe('attachment; filename="matte.psd"');
    expect(headers.get('x-image-depth')).toBe(String(depth));
    const file = readStrictly(body);
    expect(file).toMatchObject({ version: 1, width: WIDTH, height: HEIGHT, depth, dpi: 72 });
    expect(file.layers.map(({ name, isHidden }) => [name, isHidden])).toEqual([['Layer 0', false]]);
    const red = [...file.layers[0]!.channels.get(0)!.samples].map((v) => (depth === 16 ? Math.round(v / 257) : v));
    expect(red).toEqual([...pixels.filter((_, i) => i % 4 === 0)]);
    const alpha = await ask(`?output=alpha&depth=${depth}`);
    const samples = depth === 16 ? new Uint16Array(Uint8Array.from(alpha.body).buffer) : alpha.body;
    expect([...file.layers[0]!.channels.get(-2)!.samples]).toEqual([...samples]);
  });

  it('has the foreground as a hidden layer where that is asked for', async () => {
    const { layers } = readStrictly((await ask('?output=psd&cutout-layer=true')).body);
    const foreground = (await ask('?output=foreground')).body;
    expect(layers[1]).toMatchObject({ name: 'Subject - cutout', isHidden: true });
    for (const [id, c] of [
      [0, 0],
      [1, 1],
      [2, 2],
      [-1, 3],
    ] as const)
      expect([...layers[1]!.channels.get(id)!.samples]).toEqual([...foreground.filter((_, i) => i % 4 === c)]);
  });

  it.each(['*/*', 'image/*', TYPE, `image/png, ${TYPE};q=0.1`])('is answered to Accept: %s', async (accept) => {
    const answer = await ask('?output=psd', { accept });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, TYPE]);
  });

  it.each(['image/png', 'application/octet-stream', `${TYPE};q=0`])('is not to Accept: %s', async (accept) => {
    expectError(await ask('?output=psd', { accept }), 'NOT_ACCEPTABLE');
  });
});
