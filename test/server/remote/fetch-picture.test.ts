import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../server/errors.ts';
import { createHttpClient } from '../../../server/http-client/http-client.ts';
import { type FetchOptions, fetchPicture } from '../../../server/remote/fetch-picture.ts';
import { type AddressRules, publicAddresses } from '../../../server/remote/public-address.ts';

const PICTURE = Buffer.from('a picture');
const refused = (sentence: RegExp) =>
  expect.objectContaining({ code: 'URL_REFUSED', message: expect.stringMatching(sentence) });
const failed = (sentence: RegExp) =>
  expect.objectContaining({ code: 'URL_FAILED', message: expect.stringMatching(sentence) });

let server: Server;
let port: number;
let requests: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  requests = [];
  answer = (_request, response) => response.end(PICTURE);
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Names of the stand-in name server; each look-up takes the next answer, the last one again and again. */
function names(table: Record<string, string[][]>) {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    const answers = table[name];
    if (!answers) throw new Error(`ENOTFOUND ${name}`);
    const addresses = answers.length > 1 ? answers.shift()! : answers[0]!;
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { asked, resolve };
}

/** 127.0.0.1 plays the internet, because no test leaves this computer; all else is judged as it really is. */
function get(address: string, options: Partial<FetchOptions & AddressRules> = {}): Promise<Buffer> {
  const { resolve, allows = (host: string) => host === '127.0.0.1', ...rest } = options;
  return fetchPicture(address, {
    http,
    signal: new AbortController().signal,
    pin: publicAddresses({ allows, ...(resolve && { resolve }) }),
    maxBytes: 10_000_000,
    timeout: 30_000,
    ...rest,
  });
}
const http = createHttpClient(process.env);

describe('a picture from an address', () => {
  it('comes with the name in Host, over a connection of its own', async () => {
    const { resolve } = names({ 'pictures.example': [['127.0.0.1']] });
    expect(await get(`http://pictures.example:${port}/a.png?b#c`, { resolve })).toEqual(PICTURE);
    expect(requests[0]).toMatchObject({ url: '/a.png?b', method: 'GET' });
    expect(requests[0]!.headers).toMatchObject({ host: `pictures.example:${port}`, connection: 'close' });
    expect(requests[0]!.headers).not.toHaveProperty('referer');
  });

  it('is asked for by name over TLS too', async () => {
    const secure = createTlsServer({ SNICallback: (name, done) => done(new Error(name)) });
    const seen = new Promise((resolve) => secure.once('tlsClientError', (error) => resolve(error.message)));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const address = `https://pictures.example:${(secure.address() as AddressInfo).port}`;
    const { resolve } = names({ 'pictures.example': [['127.0.0.1']] });
    await expect(get(address, { resolve })).rejects.toEqual(failed(/could not be fetched/));
    expect(await seen).toBe('pictures.example');
    secure.close();
  });

  it('follows redirects, and looks each name up anew', async () => {
    answer = ({ url }, response) =>
      url === '/end'
        ? response.end(PICTURE)
        : response.writeHead(url === '/' ? 301 : 307, {
            location: url === '/' ? `http://two.example:${port}/x` : '/end',
          }) && response.end('moved');
    const { asked, resolve } = names({ 'one.example': [['127.0.0.1']], 'two.example': [['127.0.0.1']] });
    expect(await get(`http://one.example:${port}`, { resolve })).toEqual(PICTURE);
    expect(asked).toEqual(['one.example', 'two.example', 'two.example']);
  });

  it('stops after five redirects', async () => {
    answer = (_request, response) => void response.writeHead(302, { location: '/again' }).end();
    await expect(get(`http://127.0.0.1:${port}`)).rejects.toEqual(failed(/in a loop/));
    expect(requests).toHaveLength(6);
  });

  it('is read no further than it may be long, announced or not', async () => {
    let sent = 0;
    answer = (_request, response) => {
      response.on('error', () => undefined);
      const more = () => {
        while (!response.destroyed && sent < 1e9) {
          sent += 1000;
          if (!response.write(Buffer.alloc(1000))) return void response.once('drain', more);
        }
      };
      more();
    };
    const tooLarge = expect.objectContaining({ code: 'BODY_TOO_LARGE' });
    await expect(get(`http://127.0.0.1:${port}`, { maxBytes: 5000 })).rejects.toEqual(tooLarge);
    expect(sent).toBeLessThan(50_000_000);
    answer = (_request, response) => void response.writeHead(200, { 'content-length': '6000' }).flushHeaders();
    await expect(get(`http://127.0.0.1:${port}`, { maxBytes: 5000 })).rejects.toEqual(tooLarge);
    answer = (_request, response) => void response.end(Buffer.alloc(5000));
    expect(await get(`http://127.0.0.1:${port}`, { maxBytes: 5000 })).toHaveLength(5000);
  });

  it('that does not come in time is given up, at every stage', async () => {
    const late = failed(/in time/);
    const never = () => new Promise<never>(() => undefined);
    await expect(get('http://slow.example', { resolve: never, timeout: 50 })).rejects.toEqual(late);
    answer = () => undefined;
    await expect(get(`http://127.0.0.1:${port}`, { timeout: 50 })).rejects.toEqual(late);
    answer = (_request, response) => void response.write('begins');
    await expect(get(`http://127.0.0.1:${port}`, { timeout: 50 })).rejects.toEqual(late);
    answer = (_request, response) => void response.writeHead(101, { connection: 'upgrade', upgrade: 'x' }).end();
    await expect(get(`http://127.0.0.1:${port}`, { timeout: 50 })).rejects.toEqual(late);
  });

  it('is cancelled with its caller, and its connection closed', async () => {
    const controller = new AbortController();
    const closed = new Promise((resolve) => {
      answer = (request, response) => {
        request.socket.once('close', resolve);
        response.write('begins');
        setImmediate(() => controller.abort(new AppError('CANCELLED')));
      };
    });
    const { signal } = controller;
    await expect(get(`http://127.0.0.1:${port}`, { signal })).rejects.toThrow(new AppError('CANCELLED'));
    await closed;
    await expect(get(`http://127.0.0.1:${port}`, { signal })).rejects.toThrow(new AppError('CANCELLED'));
    expect(requests).toHaveLength(1);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['404', (response) => response.writeHead(404).end(PICTURE), /answered 404/],
    ['206', (response) => response.writeHead(206).end(PICTURE), /answered 206/],
    ['a redirect to nowhere', (response) => response.writeHead(302).end(), /answered 302/],
    ['nothing', (response) => response.end(), /empty/],
    ['compression', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(PICTURE), /compressed/],
    [
      'less than announced',
      (r) => void r.writeHead(200, { 'content-length': '9' }).write('a', () => r.destroy()),
      /broke/,
    ],
    ['a hang-up', (response) => response.destroy(), /could not be fetched/],
  ])('an answer of %s is a failure', async (_name, respond, sentence) => {
    answer = (_request, response) => void respond(response);
    await expect(get(`http://127.0.0.1:${port}`)).rejects.toEqual(failed(sentence));
  });

  it('fails for a server that does not speak HTTP, and for an unknown host name', async () => {
    const other = createTcpServer((socket: Socket) => socket.on('error', () => undefined).end('220 mail.example\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    await expect(get(`http://${address}`)).rejects.toEqual(failed(/could not be fetched/));
    await expect(get(`https://${address}`)).rejects.toEqual(failed(/could not be fetched/));
    other.close();
    await expect(get('http://nobody.example', names({}))).rejects.toEqual(failed(/no server of that name/));
    await expect(get('http://empty.example', names({ 'empty.example': [[]] }))).rejects.toEqual(failed(/no server/));
  });
});

describe('addresses that lead inside', () => {
  // The real judgment, with a server on loopback that must never hear of it.
  const real = { pin: publicAddresses() };

  it.each([
    'http://127.0.0.1:PORT',
    'http://127.1:PORT',
    'http://2130706433:PORT',
    'http://0x7f000001:PORT',
    'http://0X7F.0.0.1:PORT',
    'http://017700000001:PORT',
    'http://0177.0.0.01:PORT',
    'http://127.0.0.1.:PORT',
    'http://127。0。0。1:PORT',
    'http://１２７.０.０.１:PORT',
    'http://①②⑦.⓪.⓪.①:PORT',
    'http://%31%32%37.0.0.1:PORT',
    'http:\\\\127.0.0.1:PORT',
    'http:127.0.0.1:PORT',
    '  http://127.0.0.1:PORT  ',
    'http://0:PORT',
    'http://0.0.0.0:PORT',
    'http://[::1]:PORT',
    'http://[0:0:0:0:0:0:0:1]:PORT',
    'http://[::]:PORT',
    'http://[::ffff:127.0.0.1]:PORT',
    'http://[::ffff:7f00:1]:PORT',
    'http://[::127.0.0.1]:PORT',
    'http://[64:ff9b::127.0.0.1]:PORT',
    'http://[2002:7f00:1::]:PORT',
    'http://localhost:PORT',
    'http://LOCALHOST:PORT',
    'http://localhost.:PORT',
    'http://ｌｏｃａｌｈｏｓｔ:PORT',
    'http://10.0.0.1',
    'http://192.168.1.1',
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]',
    'http://[fd00:ec2::254]',
    'http://100.64.0.1',
    'http://224.0.0.1',
  ])('%s is refused', async (address) => {
    await expect(get(address.replace('PORT', String(port)), real)).rejects.toEqual(refused(/private network/));
    expect(requests).toEqual([]);
  });

  it.each([
    ['file:///etc/hosts', /http/],
    ['ftp://pictures.example', /http/],
    ['data:image/png;base64,AAAA', /http/],
    ['gopher://127.0.0.1', /http/],
    ['/relative.png', /http/],
    ['//pictures.example', /http/],
    ['', /http/],
    ['http://', /http/],
    ['http://[::1%25lo]', /http/],
    ['http://a b', /http/],
    ['http://user@pictures.example', /user name/],
    ['http://user:secret@pictures.example', /user name/],
    ['http://pictures.example:25', /port 25/],
    ['https://pictures.example:22', /port 22/],
    ['http://pictures.example:0', /port 0/],
    ['http://pictures.example:1023', /port 1023/],
  ])('%s is refused', async (address, sentence) => {
    const { asked, resolve } = names({ 'pictures.example': [['127.0.0.1']] });
    await expect(get(address, { resolve })).rejects.toEqual(refused(sentence));
    expect(asked).toEqual([]);
  });

  it('a name is refused when one of its addresses is', async () => {
    const { resolve } = names({ 'mixed.example': [['127.0.0.1', '192.168.0.1']] });
    await expect(get(`http://mixed.example:${port}`, { resolve })).rejects.toEqual(refused(/private/));
    expect(requests).toEqual([]);
  });

  it('resolves a name once per connection, so that DNS rebinding fails', async () => {
    const inside = createServer((_request, response) => response.end('secret'));
    const hasIpv6 = await new Promise<boolean>((resolve) => {
      inside.once('error', () => resolve(false)).listen(port, '::1', () => resolve(true));
    });
    try {
      const { asked, resolve } = names({ 'rebound.example': [['127.0.0.1'], [hasIpv6 ? '::1' : '127.0.0.2']] });
      expect(await get(`http://rebound.example:${port}`, { resolve })).toEqual(PICTURE);
      expect(asked).toEqual(['rebound.example']);
      // The second answer comes now, and is refused before anything is connected.
      await expect(get(`http://rebound.example:${port}`, { resolve })).rejects.toEqual(refused(/private/));
      expect(requests).toHaveLength(1);
    } finally {
      inside.close();
    }
  });

  it('a name that answers differently after its redirect is refused', async () => {
    answer = (_request, response) => void response.writeHead(302, { location: '/again' }).end();
    const { asked, resolve } = names({ 'rebound.example': [['127.0.0.1'], ['127.0.0.2']] });
    await expect(get(`http://rebound.example:${port}`, { resolve })).rejects.toEqual(refused(/private/));
    expect(asked).toHaveLength(2);
    expect(requests).toHaveLength(1);
  });

  it.each([
    'http://10.0.0.1/',
    'http://[::1]/',
    'http://2130706434/',
    '//192.168.0.1/',
    'http://localhost./',
    'file:///etc/hosts',
    'http://user:secret@127.0.0.1/',
    'http://127.0.0.1:22/',
  ])('a redirect to %s is refused', async (location) => {
    answer = (_request, response) => void response.writeHead(302, { location }).end();
    const { resolve } = names({ localhost: [['::1']] });
    await expect(get(`http://127.0.0.1:${port}`, { resolve })).rejects.toEqual(refused(/./));
    expect(requests).toHaveLength(1);
  });
});
