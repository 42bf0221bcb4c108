import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../../fixtures/stand-in.ts';
import { expectError, lines, post, rawHeaders, talk } from '../../talk.ts';

let server: StandInServer;
beforeAll(async () => {
  server = await startStandInServer();
});
afterAll(() => server.close());

const pixel = { headers: rawHeaders(1, 1), body: Uint8Array.of(200, 100, 0, 255) };
const ask = (query: string, headers: Record<string, string> = {}) =>
  post(server.port, { query, ...pixel, headers: { ...pixel.headers, ...headers } });

describe('query', () => {
  it.each([
    ['?foo=1', 'The parameter "foo" is not known.'],
    ['?__proto__=1', 'The parameter "__proto__" is not known.'],
    ['?constructor=1', 'The parameter "constructor" is not known.'],
    ['?hasOwnProperty=1', 'The parameter "hasOwnProperty" is not known.'],
    ['?model[]=isnet', 'The parameter "model[]" is not known.'],
    ['?Model=stand-in', 'The parameter "Model" is not known.'],
    ['?model=a&model=b', 'The parameter "model" may be given only once.'],
    ['?depth=8&depth=16', 'The parameter "depth" may be given only once.'],
    ['?output=alpha&output=alpha', 'The parameter "output" may be given only once.'],
    [`?model=${'m'.repeat(65)}`, 'The parameter "model" must be a text of at most 64 characters.'],
    ['?output=ALPHA', 'The parameter "output" must be alpha, cutout, foreground, composition, psd or path.'],
    ['?output=', 'The parameter "output" must be alpha, cutout, foreground, composition, psd or path.'],
    ['?output=toString', 'The parameter "output" must be alpha, cutout, foreground, composition, psd or path.'],
    ['?cutout-layer=yes', 'The parameter "cutout-layer" must be true or false.'],
    ['?region=1,2,3', 'The parameter "region" must be "left,top,width,height" in whole pixels, like "100,50,800,600".'],
    [
      '?region=0,0,1,0',
      'The parameter "region" must be "left,top,width,height" in whole pixels, like "100,50,800,600".',
    ],
    [
      '?region=-1,0,1,1',
      'The parameter "region" must be "left,top,width,height" in whole pixels, like "100,50,800,600".',
    ],
    ['?region=0,0,1,1&region=0,0,1,1', 'The parameter "region" may be given only once.'],
    ['?region=0,0,2,1', 'The region 0,0,2,1 does not lie inside the picture of 1 x 1 pixels.'],
    ['?region=99999,0,1,1', 'The region 99999,0,1,1 does not lie inside the picture of 1 x 1 pixels.'],
    ['?subjects=some', 'The parameter "subjects" must be all, largest or point.'],
    ['?subjects=point', 'The parameters "subjects=point" and "point" must be used together.'],
    ['?point=0,0', 'The parameters "subjects=point" and "point" must be used together.'],
    ['?subjects=point&point=0.5,0', 'The parameter "point" must be "x,y" in whole pixels, like "640,360".'],
    ['?subjects=point&point=1,0', 'The point 1,0 does not lie inside the picture of 1 x 1 pixels.'],
    ['?enhance=on', 'The parameter "enhance" must be auto or off.'],
    ['?depth=12', 'The parameter "depth" must be 8 or 16.'],
    ['?depth=', 'The parameter "depth" must be 8 or 16.'],
    ['?depth=08', 'The parameter "depth" must be 8 or 16.'],
    ['?depth=8.0', 'The parameter "depth" must be 8 or 16.'],
    ['?depth=0x10', 'The parameter "depth" must be 8 or 16.'],
    ['?depth=%208', 'The parameter "depth" must be 8 or 16.'],
    ['?depth=NaN', 'The parameter "depth" must be 8 or 16.'],
  ])('%s', async (query, sentence) => {
    expect(expectError(await ask(query), 'BAD_REQUEST')).toBe(sentence);
  });

  it.each(['nope', '', '..%2F..%2Fetc', 'STAND-IN', '__proto__', '%E0%A4%A', '%00', 'auto%20'])(
    'model=%s is not known',
    async (model) => {
      expectError(await talkQuery(`?model=${model}`), 'UNKNOWN_MODEL');
    },
  );

  it.each([
    'notacolor',
    '%22%0d%0aX-Evil:%201',
    '#12',
    'rgb(',
    '<script>alert(1)</script>',
    'rgb(NaN,0,0)',
    '%00',
    'constructor',
    '__proto__',
    'toString',
    `${' '.repeat(60)}`,
  ])('background=%s is not a color', async (background) => {
    expectError(await talkQuery(`?background=${background.replace('#', '%23').replaceAll(' ', '%20')}`), 'BAD_REQUEST');
  });

  it.each(['white', 'WHITE', '%23fff', '%20red%20', 'rgb(1%202%203)'])(
    'background=%s is a color',
    async (background) => {
      expect((await ask(`?output=composition&background=${background}`)).status).toBe(200);
    },
  );

  it('takes every documented parameter at once', async () => {
    const answer = await ask('?model=stand-in&output=composition&depth=16&background=%23123456');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-image-depth')).toBe('16');
    expect(answer.headers.get('x-image-channels')).toBe('3');
  });

  function talkQuery(query: string) {
    const headers = Object.entries(pixel.headers).map(([name, value]) => `${name}: ${value}`);
    return talk(server.port, lines(server.port, `POST /v1/mattes${query}`, [...headers, 'Content-Length: 4'], 'abcd'));
  }
});

describe('size headers', () => {
  it.each([
    ['INVALID_SIZE', { 'x-image-width': '0' }],
    ['INVALID_SIZE', { 'x-image-width': '-1' }],
    ['INVALID_SIZE', { 'x-image-width': '1.0' }],
    ['INVALID_SIZE', { 'x-image-width': '1e3' }],
    ['INVALID_SIZE', { 'x-image-width': '' }],
    ['INVALID_SIZE', { 'x-image-width': '0x1' }],
    ['INVALID_SIZE', { 'x-image-width': '9'.repeat(30) }],
    ['IMAGE_TOO_LARGE', { 'x-image-width': '30001' }],
    ['IMAGE_TOO_LARGE', { 'x-image-width': '20000', 'x-image-height': '20000' }],
    ['IMAGE_TOO_LARGE', { 'x-image-width': '999999999', 'x-image-height': '999999999' }],
    ['BAD_REQUEST', { 'x-image-channels': '1' }],
    ['BAD_REQUEST', { 'x-image-channels': '5' }],
    ['BAD_REQUEST', { 'x-image-channels': 'RGB' }],
    ['BAD_REQUEST', { 'x-image-depth': '32' }],
    ['BAD_REQUEST', { 'x-image-depth': '' }],
    ['SIZE_MISMATCH', { 'x-image-width': '2' }],
    ['SIZE_MISMATCH', { 'x-image-channels': '3' }],
    ['SIZE_MISMATCH', { 'x-image-depth': '16' }],
  ] as const)('%s for %j', async (code, headers) => {
    expectError(await ask('', { ...headers }), code);
  });

  it.each(['X-Image-Width', 'X-Image-Height'])('needs %s', async (name) => {
    const headers = Object.entries(rawHeaders(1, 1)).filter(([key]) => key !== name.toLowerCase());
    expectError(await post(server.port, { headers: Object.fromEntries(headers), body: pixel.body }), 'INVALID_SIZE');
  });

  it('refuses a size that is given twice', async () => {
    const headers = ['X-Image-Width: 1', 'X-Image-Width: 1', 'X-Image-Height: 1', 'Content-Length: 4'];
    const type = 'Content-Type: application/octet-stream';
    expectError(
      await talk(server.port, lines(server.port, 'POST /v1/mattes', [type, ...headers], 'abcd')),
      'INVALID_SIZE',
    );
  });
});

describe('content types', () => {
  it.each([
    'text/plain',
    'application/json',
    'image/x-targa',
    'image/svg+xml',
    'image/*',
    'image/png garbage',
    ',',
    'x',
  ])('%s is not accepted', async (type) => {
    expectError(await ask('', { 'content-type': type }), 'UNSUPPORTED_TYPE');
  });

  it('needs one', async () => {
    expectError(
      await talk(server.port, lines(server.port, 'POST /v1/mattes', ['Content-Length: 1'], 'a')),
      'UNSUPPORTED_TYPE',
    );
  });

  it.each(['APPLICATION/Octet-Stream', 'application/octet-stream; charset=binary', 'application/octet-stream;'])(
    '%s is raw pixels',
    async (type) => {
      expect((await ask('', { 'content-type': type })).status).toBe(200);
    },
  );
});

describe('Accept', () => {
  it.each([
    ['*/*', 'application/octet-stream'],
    ['application/*', 'application/octet-stream'],
    ['image/*', 'image/png'],
    ['image/png', 'image/png'],
    ['image/png;q=0.1, application/octet-stream;q=0.2', 'application/octet-stream'],
    ['text/html, image/png;q=0.5', 'image/png'],
    ['application/octet-stream;q=0, */*', 'image/png'],
  ])('%s gives %s', async (accept, type) => {
    const answer = await ask('', { accept });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(type);
  });

  it.each(['text/html', 'image/jpeg', 'image/png;q=0', 'nonsense', ';;;', '*/*;q=0'])(
    '%s is refused',
    async (accept) => {
      expectError(await ask('', { accept }), 'NOT_ACCEPTABLE');
    },
  );
});
