import { afterEach, describe, expect, it } from 'vitest';
import { Gate, listenWith, OPAQUE, type Stage, until } from '../../server-fixture.ts';
import { expectError, lines, post, rawHeaders, talk } from '../../talk.ts';

const TOKEN = 't'.repeat(43);
const right = `Authorization: Bearer ${TOKEN}`;

let stage: Stage | undefined;
let begun = 0;
afterEach(async () => {
  await stage?.close();
  begun = 0;
});

async function open(run = async () => OPAQUE()): Promise<Stage> {
  const begin = () => {
    begun++;
    void stage?.close();
  };
  stage = await listenWith(run, {}, { token: TOKEN, begin });
  return stage;
}
const say = (headers: string[]) => talk(stage!.port, lines(stage!.port, 'POST /v1/shutdown', headers));

describe('POST /v1/shutdown', () => {
  it('answers, then ends, when the pictures in progress are finished', async () => {
    const gate = new Gate();
    const { port } = await open(async () => gate.pass().then(OPAQUE));
    const picture = { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(1, 2, 3) };
    const running = post(port, picture);
    await until(() => gate.waiting === 1);
    const answer = await say([right]);
    expect(answer?.status).toBe(202);
    expect(JSON.parse(answer!.body.toString())).toEqual({ stopping: true });
    await until(() => begun === 1);
    expectError(await post(port, picture), 'SHUTTING_DOWN');
    gate.open();
    expect((await running).status).toBe(200);
    await stage!.close();
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  });

  it.each([
    [[]],
    [['Authorization: Bearer']],
    [[`Authorization: Basic ${TOKEN}`]],
    [[`Authorization: Bearer ${TOKEN}x`]],
    [[`Authorization: Bearer ${TOKEN.slice(1)}`]],
  ])('refuses %j', async (headers) => {
    await open();
    const answer = await say(headers);
    expectError(answer, 'UNAUTHORIZED');
    expect(answer?.headers.get('www-authenticate')).toBe('Bearer');
    expect(begun).toBe(0);
  });

  it('refuses web pages also with the token', async () => {
    await open();
    expectError(await say([right, 'Origin: https://example.com']), 'FORBIDDEN_ORIGIN');
    expectError(await say([right, 'Origin: null']), 'FORBIDDEN_ORIGIN');
    expectError(await say([right, 'Host: example.com']), 'FORBIDDEN_HOST');
    const get = await talk(stage!.port, lines(stage!.port, 'GET /v1/shutdown', [right]));
    expectError(get, 'METHOD_NOT_ALLOWED');
    expect(begun).toBe(0);
  });

  it('does not exist in a server without a shutdown token', async () => {
    stage = await listenWith(async () => OPAQUE());
    expectError(await say([right]), 'NOT_FOUND');
  });
});
