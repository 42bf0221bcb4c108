import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { addClient } from '../../../../server/access/clients.ts';
import { Tickets } from '../../../../server/http/tickets.ts';
import { listenWith, OPAQUE, type Stage, standInDesk, until } from '../../server-fixture.ts';
import { expectError, lines, talk } from '../../talk.ts';

const SECRET = 's'.repeat(43);
const ROUTES = [
  ['GET', '/v1/control'],
  ['POST', '/v1/control/autostart'],
  ['DELETE', '/v1/control/autostart'],
  ['POST', '/v1/control/panel'],
  ['POST', '/v1/control/log'],
  ['POST', '/v1/control/stop'],
  ['POST', '/v1/control/updates'],
  ['DELETE', '/v1/control/updates'],
  ['POST', '/v1/control/update'],
  ['POST', '/v1/control/models/stand-in'],
  ['DELETE', '/v1/control/models/stand-in'],
] as const;

let stage: Stage;
let done: string[];
let stopped: number;

beforeEach(async () => {
  done = [];
  stopped = 0;
  const shutdown = { token: SECRET, begin: () => void stopped++ };
  stage = await listenWith(async () => OPAQUE(), {}, shutdown, undefined, undefined, undefined, standInDesk(done));
});
afterEach(() => stage.close());

const ask = (method: string, path: string, token?: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${stage.port}${path}`, {
    method,
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
  });
const codeOf = async (response: Response) => (await response.json()).error.code;

async function openPage(): Promise<string> {
  const { ticket } = await (await ask('POST', '/v1/control/ticket', SECRET)).json();
  return (await (await ask('POST', '/v1/control/session', ticket)).json()).token;
}

describe('/v1/control', () => {
  it.each(ROUTES)(
    '%s %s is for the page with a token, not for a ticket or the secret of the server',
    async (method, path) => {
      const { ticket } = await (await ask('POST', '/v1/control/ticket', SECRET)).json();
      for (const token of [undefined, '', 'x', SECRET, ticket]) {
        const answer = await ask(method, path, token);
        expect([answer.status, await codeOf(answer)]).toEqual([401, 'UNAUTHORIZED']);
      }
      expect([done, stopped]).toEqual([[], 0]);
    },
  );

  it.each(ROUTES)('%s %s refuses other pages also with the token', async (method, path) => {
    const token = await openPage();
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])
      expect(await codeOf(await ask(method, path, token, headers as Record<string, string>))).toBe('FORBIDDEN_ORIGIN');
    expect([done, stopped]).toEqual([[], 0]);
  });

  it('gives tickets only to one who has the secret of the server', async () => {
    for (const token of [undefined, 'x', await openPage()])
      expect(await codeOf(await ask('POST', '/v1/control/ticket', token))).toBe('UNAUTHORIZED');
  });

  it('takes a ticket once', async () => {
    const { ticket } = await (await ask('POST', '/v1/control/ticket', SECRET)).json();
    expect((await ask('POST', '/v1/control/session', ticket)).status).toBe(201);
    expect(await codeOf(await ask('POST', '/v1/control/session', ticket))).toBe('UNAUTHORIZED');
  });

  it('does what the page asks for', async () => {
    const token = await openPage();
    const read = async () => (await ask('GET', '/v1/control', token)).json();
    expect(await read()).toEqual({
      autostart: false,
      panelFile: true,
      panelSeen: null,
      removable: ['stand-in'],
      update: { watch: false, available: '0.2.0', installing: false, failure: null },
    });
    expect((await ask('POST', '/v1/control/autostart', token)).status).toBe(204);
    expect((await read()).autostart).toBe(true);
    expect((await ask('DELETE', '/v1/control/autostart', token)).status).toBe(204);
    expect((await read()).autostart).toBe(false);
    await ask('POST', '/v1/control/updates', token);
    expect((await read()).update.watch).toBe(true);
    await ask('DELETE', '/v1/control/updates', token);
    expect((await read()).update.watch).toBe(false);
    await ask('POST', '/v1/control/panel', token);
    await ask('POST', '/v1/control/update', token);
    expect(done).toEqual(['autostart true', 'autostart false', 'watch true', 'watch false', 'panel', 'update']);
    expect((await ask('POST', '/v1/control/stop', token)).status).toBe(204);
    await until(() => stopped === 1);
  });

  it('tells when the panel has called', async () => {
    const token = await openPage();
    await ask('GET', '/health', undefined, { origin: 'file://' });
    const { panelSeen } = await (await ask('GET', '/v1/control', token)).json();
    expect(Date.now() - Date.parse(panelSeen)).toBeLessThan(60_000);
  });

  it('passes on what the system refuses, and names unknown models', async () => {
    const token = await openPage();
    expect(await (await ask('POST', '/v1/control/log', token)).json()).toMatchObject({
      error: { code: 'SYSTEM_REFUSED', message: 'There is no file manager.' },
    });
    expect(await codeOf(await ask('POST', '/v1/control/models/nonesuch', token))).toBe('UNKNOWN_MODEL');
    expect((await ask('POST', '/v1/control/models/stand-in', token)).status).toBe(204);
  });
});

describe('/v1/control, attacked', () => {
  let token: string;
  beforeEach(async () => {
    token = await openPage();
  });
  afterEach(() => expect([done, stopped]).toEqual([[], 0]));

  /** As written to the socket; a page's script cannot choose these headers, a rebound domain or a form can bring them. */
  const send = (start: string, headers: readonly string[], body = '') =>
    talk(stage.port, lines(stage.port, start, headers, body).replaceAll('PORT', String(stage.port)));
  const bearer = () => `Authorization: Bearer ${token}`;
  const all = [...ROUTES, ['POST', '/v1/control/ticket'], ['POST', '/v1/control/session']] as const;

  it.each(all)('%s %s by a domain that was re-pointed here', async (method, path) => {
    for (const host of ['evil.example:PORT', 'localhost.evil.example:PORT', '0.0.0.0:PORT'])
      expectError(await send(`${method} ${path}`, [`Host: ${host}`, bearer()]), 'FORBIDDEN_HOST');
  });

  it.each(all)('%s %s by a form, a script without CORS, an image or a link of another page', async (method, path) => {
    const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 4'];
    for (const origin of ['https://evil.example', 'null', 'http://localhost:3000', 'http://127.0.0.1:7000'])
      expectError(
        await send(`${method} ${path}`, [`Origin: ${origin}`, bearer(), ...form], 'a=bc'),
        'FORBIDDEN_ORIGIN',
      );
    for (const [from, mode, dest] of [
      ['cross-site', 'no-cors', 'image'],
      ['cross-site', 'navigate', 'document'],
      ['same-site', 'no-cors', 'empty'],
    ]) {
      const headers = [`Sec-Fetch-Site: ${from}`, `Sec-Fetch-Mode: ${mode}`, `Sec-Fetch-Dest: ${dest}`, bearer()];
      expectError(await send(`${method} ${path}`, headers), 'FORBIDDEN_ORIGIN');
    }
  });

  it.each(all)('%s %s gives no preflight a permission', async (method, path) => {
    const asked = ['Origin: https://evil.example', `Access-Control-Request-Method: ${method}`];
    expectError(await send(`OPTIONS ${path}`, asked), 'FORBIDDEN_ORIGIN');
  });

  it.each(ROUTES)('%s %s with the token elsewhere than in its header', async (method, path) => {
    const form = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${token.length + 6}`];
    expectError(await send(`${method} ${path}`, form, `token=${token}`), 'UNAUTHORIZED');
    for (const header of [`Cookie: token=${token}`, `Authorization: Basic ${token}`, `X-Token: ${token}`])
      expectError(await send(`${method} ${path}?token=${token}`, [header]), 'UNAUTHORIZED');
  });

  it('by the tunnel, as other pages and without a token', async () => {
    const open = (origin: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${stage.port}/v1/tunnel`, { origin });
        socket.on('error', (error) => resolve(error.message));
        socket.on('open', () =>
          socket.send(JSON.stringify({ method: 'POST', path: '/v1/control/stop', headers: {}, bytes: 0 })),
        );
        let told = '';
        socket.on('message', (data) => {
          told += data;
        });
        socket.on('close', () => resolve(told));
      });
    expect(await open('https://evil.example')).toContain('403');
    expect(await open('file://')).toMatch(/401|UNAUTHORIZED/);
  });

  it('by other computers, paired ones too', async () => {
    await stage.close();
    const configDir = mkdtempSync(path.join(os.tmpdir(), 'hairline-control-'));
    const shutdown = { token: SECRET, begin: () => void stopped++ };
    const settings = { configDir, hostNames: ['studio.local'] };
    stage = await listenWith(
      async () => OPAQUE(),
      settings,
      shutdown,
      undefined,
      undefined,
      undefined,
      standInDesk(done),
    );
    token = await openPage();
    const paired = await addClient(configDir, 'laptop');
    for (const [method, url] of all) {
      const elsewhere = ['Host: studio.local:PORT'];
      expectError(await send(`${method} ${url}`, elsewhere), 'TOKEN_REQUIRED');
      expectError(await send(`${method} ${url}`, [...elsewhere, `Authorization: Bearer ${paired}`]), 'UNAUTHORIZED');
      expectError(await send(`${method} ${url}`, [`Authorization: Bearer ${paired}`]), 'UNAUTHORIZED');
    }
    expectError(await send('POST /v1/control/stop', ['Host: studio.local:PORT', bearer()]), 'TOKEN_REQUIRED');
    rmSync(configDir, { recursive: true });
  });
});

describe('tickets', () => {
  it('are too old after a minute', () => {
    let now = 0;
    const tickets = new Tickets(() => now);
    const [early, late] = [tickets.issue(), tickets.issue()];
    now = 59_000;
    expect(tickets.admits(tickets.redeem(early)!)).toBe(true);
    now = 61_000;
    expect(tickets.redeem(late)).toBeNull();
  });

  it('and tokens are kept in limited numbers, the newest ones', () => {
    const tickets = new Tickets();
    const issued = Array.from({ length: 20 }, () => tickets.issue());
    expect(tickets.redeem(issued[0]!)).toBeNull();
    const tokens = Array.from({ length: 20 }, () => tickets.redeem(tickets.issue())!);
    expect(tokens.map((token) => tickets.admits(token)).filter(Boolean)).toHaveLength(16);
    expect(tickets.admits(tokens.at(-1)!)).toBe(true);
  });
});
