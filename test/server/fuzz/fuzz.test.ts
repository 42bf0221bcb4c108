import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { post, rawHeaders } from '../talk.ts';
import { type FuzzKind, fourAtOnce, fuzzKinds, sendOne } from './cases.ts';

let server: StandInServer;
let impatient: StandInServer;
let kinds: Record<string, FuzzKind>;
beforeAll(async () => {
  server = await startStandInServer();
  impatient = await startStandInServer({ requestTimeout: 500 });
  kinds = await fuzzKinds({ patient: server.port, impatient: impatient.port });
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

/** `npm run fuzz` sends many more. */
describe('mutated requests', () => {
  it.each([
    ['jpeg', 100],
    ['png', 100],
    ['webp', 100],
    ['tiff', 200],
    ['psd', 200],
    ['heif', 60],
    ['others', 150],
    ['documents', 300],
    ['headers', 300],
    ['forms', 300],
  ])('%s', async (name, times) => {
    const complaints: (string | undefined)[] = [];
    await fourAtOnce(0, times, async (number) => {
      complaints.push((await sendOne(kinds[name]!, 20260101, number)).complaint);
    });
    expect(complaints.filter(Boolean)).toEqual([]);
  });
});
