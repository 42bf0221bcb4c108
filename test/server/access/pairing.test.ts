import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os, { networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {} from '../../../server/access/access-control.ts';
import { addClient, ClientBook, ClientsError, readClients, removeClient } from '../../../server/access/clients.ts';
import { FailedTries } from '../../../server/access/failed-tries.ts';
import { MAX_STRANGERS } from '../../../server/access/listen.ts';
import { listClients, pair, unpair } from '../../../server/cli/serve/pair.ts';
import { loadConfig } from '../../../server/config/config.ts';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { recordTerminal } from '../cli/recorder.ts';
import { listenWith, OPAQUE, type Stage, until } from '../server-fixture.ts';
import { expectError, lines, talk } from '../talk.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'hairline ü pairs '));
  file = path.join(folder, 'clients.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the list of clients', () => {
  it('keeps a hash of each token, for its owner only', async () => {
    const token = await addClient(folder, 'studio');
    expect(token).toMatch(/^hl_[\w-]{43}$/);
    expect(readFileSync(file, 'utf8')).not.toContain(token.slice(3));
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(new ClientBook(folder).identify(token)).toBe('studio');
    const other = await addClient(folder, 'laptop');
    expect(other).not.toBe(token);
    expect(readClients(folder).map(({ name }) => name)).toEqual(['studio', 'laptop']);
  });

  it('accepts only complete tokens', async () => {
    const token = await addClient(folder, 'studio');
    const book = new ClientBook(folder);
    const { hash } = readClients(folder)[0]!;
    for (const wrong of ['', 'hl_', token.slice(0, -1), `${token}x`, token.toLowerCase(), hash, 'studio'])
      expect(book.identify(wrong)).toBeNull();
  });

  it('follows the file: paired, unpaired, damaged, deleted', async () => {
    const book = new ClientBook(folder);
    expect(book.identify('hl_x')).toBeNull();
    const token = await addClient(folder, 'studio');
    expect(book.identify(token)).toBe('studio');
    expect(await removeClient(folder, 'studio')).toBe(true);
    expect(book.identify(token)).toBeNull();
    expect(await removeClient(folder, 'studio')).toBe(false);
    const again = await addClient(folder, 'studio');
    expect([book.identify(token), book.identify(again)]).toEqual([null, 'studio']);
    for (const text of ['', '{', '[]', '{"clients":[{"name":"studio"}]}']) {
      writeFileSync(file, text);
      expect(book.identify(again)).toBeNull();
      await expect(addClient(folder, 'x')).rejects.toThrow(`${file} is damaged.`);
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
    rmSync(file);
    expect(book.identify(again)).toBeNull();
  });

  it.each(['', ' a', 'local', 'LOCAL', 'a/b', 'a\nb', 'x'.repeat(41)])('rejects the name %j', async (name) => {
    await expect(addClient(folder, name)).rejects.toThrow(ClientsError);
  });

  it('does not replace a token silently', async () => {
    await addClient(folder, 'studio');
    await expect(addClient(folder, 'studio')).rejects.toThrow('already paired');
  });

  it('is kept by the command line, which shows a token once', async () => {
    const config = loadConfig({ configDir: folder }, {});
    const paired = recordTerminal();
    await pair(config, 'studio', paired.terminal);
    const token = paired.lines[0]!;
    expect(new ClientBook(folder).identify(token)).toBe('studio');
    const listed = recordTerminal();
    listClients(config, listed.terminal);
    expect(listed.out).toMatch(/^\d{4}-\d\d-\d\d {2}studio\n$/);
    expect(listed.out + listed.err + paired.err).not.toContain(token.slice(3));
    expect(await unpair(config, 'studio', recordTerminal().terminal)).toBe(0);
    expect(await unpair(config, 'studio', recordTerminal().terminal)).toBe(1);
    const unpaired = recordTerminal();
    listClients(config, unpaired.terminal);
    expect(unpaired.err).toContain('No clients are paired');
  });
});

describe('wrong tokens', () => {
  afterEach(() => vi.useRealTimers());

  it('are counted by address and for a minute', () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    const failed = new FailedTries();
    for (let i = 0; i < 10; i++) {
      expect(failed.waitOf('a')).toBe(0);
      failed.note('a');
    }
    expect(failed.waitOf('a')).toBe(60);
    expect(failed.waitOf('b')).toBe(0);
    // A computer whose clock is set back or forth waits as long as any other.
    vi.setSystemTime(0);
    expect(failed.waitOf('a')).toBe(60);
    vi.advanceTimersByTime(59_000);
    expect(failed.waitOf('a')).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(failed.waitOf('a')).toBe(0);
    failed.note('a');
    expect(failed.waitOf('a')).toBe(0);
  });

  it('of many addresses do not fill the memory', () => {
    const failed = new FailedTries();
    for (let i = 0; i < 10; i++) failed.note('first');
    for (let i = 0; i < 2000; i++) failed.note(`address ${i}`);
    expect(failed.waitOf('first')).toBe(0);
  });
});

describe('a server that has a name for other computers', () => {
  let stage: Stage;
  let token: string;
  beforeEach(async () => {
    token = await addClient(folder, 'studio');
    stage = await listenWith(async () => OPAQUE(), {
      configDir: folder,
      hostNames: ['studio.local', 'masks.example.org:8443'],
    });
  });
  afterEach(() => stage.close());
  const ask = (host: string, headers: string[] = [], start = 'GET /health') =>
    talk(stage.port, lines(stage.port, start, [`Host: ${host.replace('PORT', String(stage.port))}`, ...headers]));
  const right = () => `Authorization: Bearer ${token}`;

  it.each(['studio.local:PORT', 'studio.local', 'STUDIO.local:PORT', 'masks.example.org:8443'])('%s', async (host) => {
    expect((await ask(host, [right()]))?.status).toBe(200);
    const refused = await ask(host);
    expectError(refused, 'TOKEN_REQUIRED');
    expect(refused?.headers.get('www-authenticate')).toBe('Bearer');
    expectError(await ask(host, [right(), 'Origin: https://evil.example']), 'FORBIDDEN_ORIGIN');
    expectError(await ask(host, [], 'POST /v1/mattes'), 'TOKEN_REQUIRED');
    expectError(await ask(host, [], 'GET /nope'), 'TOKEN_REQUIRED');
  });

  it.each(['studio.local:1', 'masks.example.org', 'x.studio.local:PORT', 'studio.local.:PORT', 'studio.localx:PORT'])(
    'is not called %s',
    async (host) => {
      expectError(await ask(host, [right()]), 'FORBIDDEN_HOST');
    },
  );

  it.each([
    (t: string) => `Authorization: Basic ${t}`,
    (t: string) => `Authorization: ${t}`,
    (t: string) => `Authorization: Bearer ${t}x`,
    (t: string) => `Authorization: Bearer ${t}, Bearer ${t}`,
    (t: string) => `X-Authorization: Bearer ${t}`,
  ])('accepts the token nowhere else (%#)', async (header) => {
    expectError(await ask('studio.local', [header(token)]), 'TOKEN_REQUIRED');
    expectError(await ask('studio.local', [], `GET /health?token=${token}`), 'TOKEN_REQUIRED');
  });

  it('blocks guessing, but not local clients and those with a valid token', async () => {
    for (let i = 0; i < 10; i++)
      expectError(await ask('studio.local', [`Authorization: Bearer hl_${i}`]), 'TOKEN_REQUIRED');
    const refused = await ask('studio.local', ['Authorization: Bearer hl_10']);
    expectError(refused, 'TOO_MANY_TRIES');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask('127.0.0.1:PORT'))?.status).toBe(200);
    // Behind a proxy it has the same address.
    expect((await ask('studio.local', [right()]))?.status).toBe(200);
  });

  it('locks out an unpaired client at once', async () => {
    expect((await ask('studio.local', [right()]))?.status).toBe(200);
    await removeClient(folder, 'studio');
    expectError(await ask('studio.local', [right()]), 'TOKEN_REQUIRED');
  });
});

it('attributes every request to its client', async () => {
  const token = await addClient(folder, 'studio');
  const stage = await listenWith(
    async () => OPAQUE(),
    { configDir: folder, hostNames: ['studio.local'] },
    undefined,
    (app) => {
      app.get('/who', async (request) => ({ who: request.client }));
    },
  );
  try {
    const who = async (headers: string[]) => {
      const answer = await talk(stage.port, lines(stage.port, 'GET /who', headers));
      return JSON.parse(answer!.body.toString()).who;
    };
    expect(await who([])).toBe('local');
    expect(await who(['Authorization: Bearer hl_wrong'])).toBe('local');
    expect(await who([`Authorization: Bearer ${token}`])).toBe('studio');
    expect(await who(['Host: studio.local', `Authorization: bearer ${token}`])).toBe('studio');
  } finally {
    await stage.close();
  }
});

describe('--host', () => {
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  let server: StandInServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('is refused while no client is paired', async () => {
    for (const host of ['0.0.0.0', '::', own ?? '192.0.2.1'])
      await expect(startStandInServer({ host, configDir: folder })).rejects.toThrow('hairline pair');
  });

  it('is refused for an address of another computer', async () => {
    await addClient(folder, 'studio');
    const start = startStandInServer({ host: '192.0.2.1', configDir: folder });
    await expect(start).rejects.toThrow('192.0.2.1 (--host) is not an address of this computer');
  });

  it.skipIf(!own).each(['0.0.0.0', own!])(
    '%s answers paired clients there, and local clients without a token',
    async (host) => {
      const token = await addClient(folder, 'studio');
      server = await startStandInServer({ host, configDir: folder });
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
      const there = `http://${own}:${server.port}`;
      const refused = await fetch(`${there}/health`);
      expect([refused.status, (await refused.json()).error.code]).toEqual([401, 'TOKEN_REQUIRED']);
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${there}/health`, { headers })).status).toBe(200);
      const { port } = server;
      for (const name of ['127.0.0.1', 'localhost', 'evil.example', '0.0.0.0']) {
        const request = lines(port, 'GET /health', [`Host: ${name}:${port}`, `Authorization: Bearer ${token}`]);
        expectError(await talk(port, request, { address: own! }), 'FORBIDDEN_HOST');
      }
      await server.close();
      server = undefined;
      await expect(fetch(`${there}/health`, { headers })).rejects.toThrow();
    },
  );

  it.skipIf(!own).each(['0.0.0.0', own!])(
    '%s: a client that opens connections without end leaves room for local programs',
    async (host) => {
      const token = await addClient(folder, 'studio');
      server = await startStandInServer({ host, configDir: folder });
      const { port, url } = server;
      const sockets = Array.from({ length: MAX_STRANGERS + 40 }, () => connect(port, own).on('error', () => undefined));
      await until(() => sockets.filter((socket) => socket.closed).length === 40);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      for (const socket of sockets) socket.destroy();
      const headers = { authorization: `Bearer ${token}` };
      const ask = () =>
        fetch(`http://${own}:${port}/health`, { headers }).then(
          ({ status }) => status,
          () => 0,
        );
      await until(async () => (await ask()) === 200);
    },
  );
});
