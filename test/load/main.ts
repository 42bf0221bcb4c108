import { parseArgs } from 'node:util';
import { type Outcome, percentile, runClients } from './clients.ts';
import { HealthProbe } from './health-probe.ts';
import { killUnderLoad } from './kill-child.ts';
import { photoSamples } from './real-model.ts';
import { Mix } from './requests.ts';
import { ServerProcess } from './server-process.ts';

/**
 * The server under load and while its working process is killed, against aims. Loopback only; everything it starts ends
 * with it.
 * Usage, 0 leaves a part out: npm run load [-- --requests 2000 --photos 100 --kills 200 --mattes 1000 --clients 32 --seed 1]
 */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    photos: { type: 'string', default: '100' },
    kills: { type: 'string', default: '200' },
    mattes: { type: 'string', default: '1000' },
    clients: { type: 'string', default: '32' },
    seed: { type: 'string', default: '1' },
  },
});
const [clients, seed] = [Number(values.clients), Number(values.seed)];
// Room for every client, so that being refused is a fault here and not the answer to a crowd.
const SETTINGS = { isolate: true, maxJobs: 2 * clients };
/** Kept mattes are memory that grows on purpose; this much is full after a few. */
const KEPT = 32 * 1024 * 1024;

console.log('| what | aim | measured |\n|---|---|---|');
for (const [measure, count] of [
  [mixedRequests, values.requests],
  [photos, values.photos],
  [kills, values.kills],
  [memory, values.mattes],
] as const) {
  if (Number(count) > 0) await measure(Number(count));
}

async function mixedRequests(requests: number): Promise<void> {
  const server = await ServerProcess.start('stand-in', SETTINGS);
  const mix = new Mix({ seed });
  const health = new HealthProbe(server.url);
  const outcome = await runClients(server.url, () => mix.next(), { clients, requests });
  const times = await health.stop();
  row(`${requests} mixed requests at ${clients} clients, stand-in model`, '0 lost, wrong, stuck', describe(outcome));
  row('/health meanwhile', 'p99 < 50 ms', latencies(times));
  await server.close();
}

async function photos(requests: number): Promise<void> {
  const server = await ServerProcess.start('auto', SETTINGS);
  const next = await photoSamples(server.url);
  const health = new HealthProbe(server.url);
  const outcome = await runClients(server.url, next, { clients, requests, patience: 900_000 });
  const times = await health.stop();
  row(`${requests} photos at ${clients} clients, embedded model`, '0 lost, wrong, stuck', describe(outcome));
  row('/health meanwhile', 'p99 < 50 ms', latencies(times));
  await server.close();
}

async function kills(count: number): Promise<void> {
  const server = await ServerProcess.start('stand-in', SETTINGS);
  const { outcome, kills, recoveries } = await killUnderLoad(server, { kills: count, clients, seed });
  row(
    `${kills} times kill -9 of the working process under load`,
    'each right or a documented error',
    describe(outcome),
  );
  const [median, worst] = [percentile(recoveries, 0.5), recoveries.at(-1) ?? Number.NaN];
  row('until the model is ready again', '< 3 s', `median ${seconds(median)}, worst ${seconds(worst)}`);
  await server.close();
}

async function memory(mattes: number): Promise<void> {
  const server = await ServerProcess.start('stand-in', { ...SETTINGS, maxCacheBytes: KEPT });
  const mix = new Mix({ seed, side: 1600 });
  const first = Math.min(100, mattes);
  await runClients(server.url, () => mix.next(), { clients: 4, requests: first });
  const early = await restingBytes(server);
  await runClients(server.url, () => mix.next(), { clients: 4, requests: mattes - first });
  const late = await restingBytes(server);
  const [before, after] = [early.http + early.engine, late.http + late.engine];
  const both = `${megabytes(before)} to ${megabytes(after)}, ${((after / before - 1) * 100).toFixed(1)} %`;
  const each = `HTTP ${megabytes(early.http)} to ${megabytes(late.http)}, engine ${megabytes(early.engine)} to ${megabytes(late.engine)}`;
  row(`memory after ${mattes} requests against ${first}`, '<= 5 %', `${both} (${each})`);
  await server.close();
}

/**
 * Of each process, the least while small requests go on: one at rest does not collect its garbage, and what is garbage
 * is none of its needs.
 */
async function restingBytes(server: ServerProcess): Promise<{ http: number; engine: number }> {
  const mix = new Mix({ seed, side: 200 });
  const least = { http: Number.POSITIVE_INFINITY, engine: Number.POSITIVE_INFINITY };
  const look = async () => {
    const { rss, engine } = await server.usage();
    least.http = Math.min(least.http, rss);
    least.engine = Math.min(least.engine, engine?.rss ?? Number.POSITIVE_INFINITY);
  };
  await runClients(server.url, () => mix.next(), { clients: 1, requests: 60, onAnswer: look });
  return least;
}

function describe({ right, refused, wrong, lost, stuck, times }: Outcome): string {
  for (const fault of [...wrong, ...lost, ...stuck].slice(0, 10)) console.error(fault);
  const codes = Object.entries(refused).map(([code, count]) => `, ${count} ${code}`);
  times.sort((a, b) => a - b);
  const faults = `${lost.length} lost, ${wrong.length} wrong, ${stuck.length} stuck`;
  return `${right} right${codes.join('')}; ${faults}; median ${seconds(percentile(times, 0.5))}`;
}

function latencies(times: readonly number[]): string {
  const at = (share: number) => `${percentile(times, share).toFixed(1)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)} of ${times.length}`;
}

function row(what: string, aim: string, measured: string): void {
  console.log(`| ${what} | ${aim} | ${measured} |`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
