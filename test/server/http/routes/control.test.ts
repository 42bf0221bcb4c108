import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../../server/errors.ts';
import { Tickets } from '../../../../server/http/tickets.ts';
import type { Desk } from '../../../../server/system/desk.ts';
import { listenWith, OPAQUE, type Stage, until } from '../../server-fixture.ts';

const SECRET = 's'.repeat(43);
const ROUTES = [
  ['GET', '/v1/control'],
  ['POST', '/v1/control/autostart'],
  ['DELETE', '/v1/control/autostart'],
  ['POST', '/v1/control/panel'],
  ['POST', '/v1/control/log'],
  ['POST', '/v1/control/stop'],
  ['POST', '/v1/control/models/stand-in'],
  ['DELETE', '/v1/control/models/stand-in'],
] as const;

let stage: Stage;
let done: string[];
let stopped: number;

beforeEach(async () => {
  done = [];
  stopped = 0;
  let on = false;
  const desk: Desk = {
    hasPanelFile: true,
    autostart: async () => on,
    async setAutostart(value) {
      on = value;
    },
    async openPanelFile() {
      done.push('panel');
    },
    async openLogFolder() {
      throw new AppError('SYSTEM_REFUSED', 'There is no file manager.');
    },
  };
  const shutdown = { token: SECRET, begin: () => void stopped++ };
  stage = await listenWith(async () => OPAQUE(), {}, shutdown, undefined, undefined, undefined, desk);
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
    expect(await read()).toEqual({ autostart: false, panelFile: true, panelSeen: null, removable: ['stand-in'] });
    expect((await ask('POST', '/v1/control/autostart', token)).status).toBe(204);
    expect((await read()).autostart).toBe(true);
    expect((await ask('DELETE', '/v1/control/autostart', token)).status).toBe(204);
    expect((await read()).autostart).toBe(false);
    await ask('POST', '/v1/control/panel', token);
    expect(done).toEqual(['panel']);
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
