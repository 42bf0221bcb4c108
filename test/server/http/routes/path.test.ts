import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippingPath } from '../../../../protocol/schemas/path.ts';
import { findResource } from '../../../../server/imaging/psd/find-resource.ts';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { type Answer, expectError, post, rawHeaders } from '../../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer({ keepMattesFor: 60_000 });
});
afterAll(() => server.close());

const [WIDTH, HEIGHT] = [80, 40];
/** Bright on the left, dark on the right: the stand-in network's alpha is the brightness. */
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) =>
  Math.min(255, Math.max(0, 255 * (1.5 - (Math.floor(i / 3) % WIDTH) / 40))),
);

const ask = (query: string, headers: Record<string, string> = {}, body = pixels) =>
  post(server.port, { query, headers: { ...rawHeaders(WIDTH, HEIGHT, 3), ...headers }, body });

async function edge(id: string, settings: unknown, accept = '*/*'): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/mattes/${id}/edge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(settings),
  });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: new Map(response.headers), body };
}

const read = ({ body }: Answer) => JSON.parse(body.toString()) as ClippingPath;
const rightmost = ({ subpaths }: ClippingPath) =>
  Math.max(...subpaths.flatMap(({ knots }) => knots.map(({ anchor }) => anchor[0])));
const resources = (file: Buffer) => file.subarray(34, 34 + file.readUInt32BE(30));

describe('output=path', () => {
  it('is the outline in pixels of the picture, as its schema says', async () => {
    const answer = await ask('?output=path&path-tolerance=0.5');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(answer.headers.get('x-matte-id')).toMatch(/^[0-9a-f-]{36}$/);
    const path = read(answer);
    expect(Value.Check(ClippingPath, path)).toBe(true);
    expect(path).toMatchObject({ width: WIDTH, height: HEIGHT, tolerance: 0.5 });
    expect(path.subpaths).toHaveLength(1);
    // Half of full brightness is at the 41st column.
    expect(Math.abs(rightmost(path) - 40.5)).toBeLessThan(1);
  });

  it('follows edge controls, at full size whatever the width of previews', async () => {
    const id = (await ask('')).headers.get('x-matte-id')!;
    const plain = read(await edge(id, { output: 'path', width: 20 }));
    const wider = read(await edge(id, { output: 'path', shift: 4 }));
    expect(plain).toMatchObject({ width: WIDTH, height: HEIGHT, tolerance: 1 });
    expect(Math.abs(rightmost(wider) - rightmost(plain) - 4)).toBeLessThan(1);
  });

  it('has no subpaths where no subject was found', async () => {
    const answer = await ask('?output=path', {}, new Uint8Array(pixels.length));
    expect(answer.headers.get('x-subject')).toBe('none');
    expect(read(answer)).toEqual({ width: WIDTH, height: HEIGHT, tolerance: 1, subpaths: [] });
  });

  it.each(['0', '-1', 'NaN', '1e9', '', '0.1', 'Infinity'])('refuses a tolerance of "%s"', async (tolerance) => {
    expectError(await ask(`?output=path&path-tolerance=${tolerance}`), 'BAD_REQUEST');
  });

  it('is JSON only', async () => {
    expectError(await ask('?output=path', { accept: 'image/png' }), 'NOT_ACCEPTABLE');
    const id = (await ask('')).headers.get('x-matte-id')!;
    expectError(await edge(id, { output: 'path' }, 'image/png'), 'NOT_ACCEPTABLE');
    expectError(await edge(id, { output: 'path', pathTolerance: null }), 'BAD_REQUEST');
  });
});

describe('clipping-path=true', () => {
  it('adds the path to a document, which has none otherwise', async () => {
    const [plain, clipped] = [await ask('?output=psd'), await ask('?output=psd&clipping-path=true')];
    expect(findResource(resources(plain.body), 2000)).toBeNull();
    const records = findResource(resources(clipped.body), 2000)!;
    const knots = read(await ask('?output=path')).subpaths[0]!.knots.length;
    expect(records.length).toBe(26 * (3 + knots));
    expect(findResource(resources(clipped.body), 2999)!.toString('latin1', 1, 9)).toBe('Hairline');
    const id = plain.headers.get('x-matte-id')!;
    const edged = await edge(id, { output: 'psd', clippingPath: true });
    expect(findResource(resources(edged.body), 2000)).toEqual(records);
  });
});
