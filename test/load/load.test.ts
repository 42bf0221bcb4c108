import { afterEach, beforeEach, expect, it } from 'vitest';
import { runClients } from './clients.ts';
import { HealthProbe } from './health-probe.ts';
import { killUnderLoad } from './kill-child.ts';
import { Mix } from './requests.ts';
import { ServerProcess } from './server-process.ts';

/** Short versions of `npm run load`, in which no time is an aim. */
let server: ServerProcess;

beforeEach(async () => {
  server = await ServerProcess.start('stand-in', { isolate: true, maxJobs: 32 });
});

afterEach(() => server.close());

it('answers mixed requests of many clients correctly, and /health meanwhile', async () => {
  const mix = new Mix({ seed: 3, side: 200 });
  const health = new HealthProbe(server.url);
  const { right, refused, wrong, lost, stuck } = await runClients(server.url, () => mix.next(), {
    clients: 16,
    requests: 60,
  });
  expect({ right, refused, wrong, lost, stuck }).toEqual({ right: 60, refused: {}, wrong: [], lost: [], stuck: [] });
  expect((await health.stop()).length).toBeGreaterThan(0);
});

it('gives every client an answer while the working process is killed again and again', async () => {
  const { outcome, kills, recoveries } = await killUnderLoad(server, { kills: 5, clients: 8, seed: 5 });
  expect([kills, recoveries.length, outcome.wrong, outcome.lost, outcome.stuck]).toEqual([5, 5, [], [], []]);
  expect(Object.keys(outcome.refused).filter((code) => !['INFERENCE_FAILED', 'MATTE_GONE'].includes(code))).toEqual([]);
  expect(outcome.right).toBeGreaterThan(0);
});
