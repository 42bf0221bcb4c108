import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandInServer, startStandInServer } from '../../fixtures/stand-in.ts';
import { seeded } from '../random.ts';
import { post, rawHeaders } from '../talk.ts';
import { type Case, fuzzCases, repeat } from './cases.ts';
import { Mutator } from './mutate.ts';

let server: StandInServer;
let impatient: StandInServer;
let cases: Record<string, Case>;
beforeAll(async () => {
  server = await startStandInServer();
  impatient = await startStandInServer({ requestTimeout: 500 });
  const ports = { patient: server.port, impatient: impatient.port };
  cases = await fuzzCases(ports, new Mutator(seeded(20260101)));
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
    ['pictures', 900],
    ['documents', 300],
    ['headers and addresses', 300],
    ['forms', 300],
  ])('%s', async (name, times) => {
    expect(await repeat(times, cases[name]!)).toEqual([]);
  });
});
