import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addClient } from '../../../server/access/clients.ts';
import { showLogs } from '../../../server/cli/serve/logs.ts';
import { LogFile, logFile } from '../../../server/log/log-file.ts';
import { logTextOf } from '../../../server/log/log-text.ts';
import { createLogger } from '../../../server/log/logger.ts';
import { hideSecrets } from '../../../server/log/redact.ts';
import { packageRoot } from '../../../server/system/package-root.ts';
import { recordTerminal } from '../cli/recorder.ts';
import { listenWith, OPAQUE, until } from '../server-fixture.ts';
import { lines, post, rawHeaders, talk } from '../talk.ts';

let folder: string;
let logDir: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'hairline ü logs '));
  logDir = path.join(folder, 'made', 'on demand');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = () => readFileSync(logFile(logDir), 'utf8');
const never = new AbortController().signal;

function open(isTTY: boolean, logFileLevel: 'silent' | 'debug' = 'debug', logLevel: 'warn' | 'debug' = 'debug') {
  const shown = { text: '', failures: [] as string[] };
  const terminal = {
    isTTY,
    write: (text: string) => {
      shown.text += text;
    },
  };
  const onFailure = (sentence: string) => shown.failures.push(sentence);
  const logger = createLogger({ logDir, logLevel, logFileLevel }, { terminal, onFailure });
  return { logger, shown };
}

describe('the log', () => {
  it('is JSON in the file and readable on a terminal, each from its level on', () => {
    const { logger, shown } = open(true, 'debug', 'warn');
    logger.debug({ port: 7866 }, 'listening');
    logger.warn({ err: new Error('outer', { cause: new Error('inner') }), model: 'isnet' }, 'it failed');
    const records = read()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { level: 20, msg: 'listening', port: 7866 },
      { level: 40, msg: 'it failed', model: 'isnet', err: { message: 'outer', cause: { message: 'inner' } } },
    ]);
    expect(shown.text).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d warn {2}it failed model=isnet: outer\n +because: inner\n$/,
    );
    expect(shown.failures).toEqual([]);
    if (process.platform !== 'win32') expect(statSync(logFile(logDir)).mode & 0o777).toBe(0o600);
  });

  it('can be switched off', () => {
    open(false, 'silent', 'warn').logger.error('x');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has one line for each request, and none of polls', async () => {
    const { logger, shown } = open(true, 'silent');
    const stage = await listenWith(async () => OPAQUE(), {}, undefined, undefined, logger);
    await post(stage.port, { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) });
    await talk(stage.port, lines(stage.port, 'GET /nope/at/all'));
    await until(() => shown.text.includes('none'));
    await stage.close();
    const requests = shown.text.split('\n').filter((line) => / (GET|POST) /.test(line));
    expect(requests).toEqual([
      expect.stringMatching(/ info {2}POST \/v1\/mattes 200, \d+ ms reqId=\S+$/),
      expect.stringMatching(/ info {2}GET none 404, \d+ ms reqId=\S+$/),
    ]);
  });
});

describe('what never gets into a log', () => {
  /** Each looks like something that must stay where it is. */
  const CANARIES = ['canary', 'kanarienvogel', 'Anna_Muster', 'geheim'];

  it('tokens, names and places out of requests, whatever becomes of them', async () => {
    const { logger, shown } = open(false);
    const token = await addClient(folder, 'studio');
    let broken = false;
    const run = async () => {
      if (broken) throw Object.assign(new Error("open '/home/canary/Anna_Muster.jpg'"), { path: '/canary/geheim' });
      return OPAQUE();
    };
    const settings = { configDir: folder, hostNames: ['studio.local'] };
    const shutdown = { token: 'geheim'.repeat(8), begin: () => undefined };
    const stage = await listenWith(run, settings, shutdown, undefined, logger);
    const raw = Object.entries({ ...rawHeaders(1, 1, 3), 'content-length': '3' }).map(([n, v]) => `${n}: ${v}`);
    const say = (start: string, headers: string[] = [], body = '') =>
      talk(stage.port, lines(stage.port, start, headers, body));
    const marked = [
      `Authorization: Bearer ${token}`,
      'Cookie: canary=geheim',
      'Referer: http://x/canary',
      'User-Agent: kanarienvogel',
      'X-Forwarded-For: canary',
    ];
    const form =
      '--b\r\nContent-Disposition: form-data; name="canary"; filename="Anna_Muster.jpg"\r\n\r\ngeheim\r\n--b--\r\n';
    const formHeaders = ['Content-Type: multipart/form-data; boundary=b', `Content-Length: ${form.length}`];
    for (const again of [false, true]) {
      broken = again;
      await say('POST /v1/mattes?background=canary', [...raw, ...marked], 'abc');
      await say('POST /v1/mattes?output=cutout', [...raw, ...marked], 'abc');
      await say('POST /v1/mattes', [...marked, ...formHeaders], form);
      await say('POST /v1/mattes?model=canary&token=geheim', [...raw, ...marked], 'abc');
      await say('GET /home/kanarienvogel/Anna_Muster.jpg?token=geheim', marked);
      await say('GET /docs/static/canary/..%2f..%2fgeheim', marked);
      await say('GET /%E0%A4%A?canary', marked);
      await say('GET http://canary@geheim.example/kanarienvogel', marked);
      await say('GET /health', [...marked, 'Origin: https://kanarienvogel.example']);
      await say('GET /health', [...marked, 'Host: canary.example']);
      await say('GET /health', [...marked, 'Host: studio.local', `Authorization: Bearer ${token}`]);
      await say('GET /health', ['Host: studio.local', 'Authorization: Bearer hl_geheim']);
      await say('POST /v1/shutdown', [`Authorization: Bearer ${'geheim'.repeat(8)}`]);
      await say('DELETE /v1/mattes/canary-geheim', marked);
      await say(
        'POST /v1/mattes/canary/edge',
        ['Content-Type: application/json', 'Content-Length: 12'],
        '{"geheim":1}',
      );
      await talk(stage.port, 'GET /canary\r\nHost: geheim\r\n\r\n');
    }
    await stage.close();
    const all = shown.text + read();
    expect(all.match(/"status":\d+/g)!.length).toBeGreaterThan(50);
    expect(all).toContain('INFERENCE_FAILED');
    for (const canary of [...CANARIES, token, token.slice(3)]) expect(all).not.toContain(canary);
  });

  it('secrets in errors', () => {
    const { logger } = open(false);
    const home = os.homedir();
    const secrets = [
      "ENOENT: no such file or directory, open '/mnt/kanarienvogel/Anna_Muster geheim.jpg'",
      'cannot read "C:\\Users\\kanarienvogel\\Anna_Muster geheim.psd"',
      'cannot read C:\\Users\\kanarienvogel\\Anna_Muster.psd: no',
      'cannot read \\\\server\\geheim\\Anna_Muster.psd',
      'Load model from /srv/kanarienvogel/geheim/x.onnx failed',
      'GET https://canary:geheim@example.com/x?X-Amz-Signature=canary#geheim failed',
      'Authorization: Bearer geheim.canary-1',
      `token hl_${'canary'.repeat(8)}`,
    ];
    for (const text of secrets) {
      const error = Object.assign(new Error(text), { path: '/canary', code: 'ENOENT', headers: { cookie: 'geheim' } });
      logger.error({ err: error, detail: text, deep: { list: [text] } }, text);
      logger.error({ err: new Error('outer', { cause: error }) });
    }
    logger.error({ err: new Error(`in ${home}/x and '${home}/y'`) });
    const all = read();
    expect(all.split('\n')).toHaveLength(2 * secrets.length + 2);
    for (const canary of [...CANARIES, home === '/' ? packageRoot : home, packageRoot])
      expect(all).not.toContain(canary);
    expect(all).toContain('ENOENT');
  });

  it('but what helps stays', () => {
    const hide = hideSecrets();
    const kept = [
      'request to https://registry.example/@imgly%2fbackground failed, reason: connect ECONNREFUSED 127.0.0.1:1',
      'at node:net:1908:16',
      'model and/or provider',
      "it's 3/4 done, isn't it",
      'GPU: DirectML (0x887A0005)',
    ];
    for (const text of kept) expect(hide(text)).toBe(text);
    expect(hide(`at x (file://${packageRoot}/dist/server/http/app.js:1:2)`)).toBe(
      'at x (./dist/server/http/app.js:1:2)',
    );
    expect(hide("open '/a b/c' and '/d'")).toBe('open <path> and <path>');
  });
});

describe('the file', () => {
  const sizes = () => readdirSync(logDir).map((name) => statSync(path.join(logDir, name)).size);

  it('never grows beyond five of a size, and loses only the oldest', () => {
    const file = new LogFile(logDir, undefined, 1000);
    for (let i = 0; i < 500; i++) file.write(`line ${String(i).padStart(4, '0')}\n`);
    file.close();
    expect(sizes()).toHaveLength(5);
    for (const size of sizes()) expect(size).toBeLessThanOrEqual(1000);
    const all = [4, 3, 2, 1, 0].map((age) => readFileSync(logFile(logDir, age), 'utf8')).join('');
    const kept = all.trim().split('\n');
    expect(kept.at(-1)).toBe('line 0499');
    expect(kept).toEqual(
      Array.from({ length: kept.length }, (_, i) => `line ${String(500 - kept.length + i).padStart(4, '0')}`),
    );
  });

  it('is shared by two servers without losing the lines of either', () => {
    const files = [new LogFile(logDir, undefined, 1000), new LogFile(logDir, undefined, 1000)];
    for (let i = 0; i < 150; i++) files[i % 2]!.write(`line ${String(i).padStart(4, '0')}\n`);
    const all = readdirSync(logDir)
      .map((name) => readFileSync(path.join(logDir, name), 'utf8'))
      .join('');
    expect(new Set(all.trim().split('\n')).size).toBe(150);
  });

  it('goes on where it was', () => {
    new LogFile(logDir).write('a\n');
    new LogFile(logDir).write('b\n');
    expect(read()).toBe('a\nb\n');
  });

  it('when not writable, is reported once and blocks nothing', () => {
    writeFileSync(path.join(folder, 'made'), 'a file where the folder should be');
    const { logger, shown } = open(false);
    for (let i = 0; i < 100; i++) logger.info('x');
    expect(shown.failures).toEqual([expect.stringMatching(/^Cannot write the log in .* \((EEXIST|ENOTDIR)\)/)]);
    expect(shown.text.trim().split('\n')).toHaveLength(100);
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk is reported once and blocks nothing', () => {
    mkdirSync(logDir, { recursive: true });
    symlinkSync('/dev/full', logFile(logDir));
    const { logger, shown } = open(false);
    for (let i = 0; i < 100; i++) logger.info('x');
    expect(shown.failures).toEqual([expect.stringContaining('(ENOSPC)')]);
    expect(shown.text.trim().split('\n')).toHaveLength(100);
  });
});

describe('hairline logs', () => {
  const show = async (options: { lines: number; json?: boolean; path?: boolean }) => {
    const recorder = recordTerminal();
    const code = await showLogs({ logDir }, options, recorder.terminal, never);
    return { code, lines: recorder.lines, err: recorder.err };
  };
  const line = (msg: string) => `${JSON.stringify({ level: 30, time: 0, msg })}\n`;

  it('says when there is none, and where it would be', async () => {
    expect(await show({ lines: 5 })).toMatchObject({ code: 1, err: expect.stringContaining(logDir) });
    expect(await show({ lines: 5, path: true })).toMatchObject({ code: 0, lines: [logFile(logDir)] });
  });

  it('shows the last lines, of the file before as well', async () => {
    mkdirSync(logDir, { recursive: true });
    writeFileSync(logFile(logDir, 1), line('one') + line('two'));
    writeFileSync(logFile(logDir), `${line('three')}garbage\n${line('four')}{"level":30,"ti`);
    const { lines } = await show({ lines: 4 });
    expect(lines.map((text) => text.split(' ').at(-1))).toEqual(['two', 'three', 'garbage', 'four']);
    expect((await show({ lines: 1, json: true })).lines).toEqual([line('four').trim()]);
    expect((await show({ lines: 0 })).lines).toEqual([]);
  });

  it('follows, also when the log is turned over', async () => {
    const recorder = recordTerminal();
    const controller = new AbortController();
    const showing = showLogs({ logDir }, { lines: 5, follow: true }, recorder.terminal, controller.signal);
    const file = new LogFile(logDir, undefined, 200);
    const words = Array.from({ length: 12 }, (_, i) => `word${i}`);
    for (const word of words) {
      file.write(line(word));
      await until(() => recorder.out.includes(`${word}\n`));
    }
    controller.abort();
    expect(await showing).toBe(0);
    expect(recorder.lines.map((text) => text.split(' ').at(-1))).toEqual(words);
    expect(readdirSync(logDir).length).toBeGreaterThan(2);
  });
});

it('a line that is no JSON is shown as it is', () => {
  for (const text of ['', 'x', '{', 'null', '3', '{"time":"x"}']) expect(logTextOf(text)).toBe(text);
});
