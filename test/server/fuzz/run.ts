import { parseArgs } from 'node:util';
import { startStandInServer } from '../../fixtures/stand-in.ts';
import { post, rawHeaders } from '../raw-socket.ts';
import { fourAtOnce, fuzzKinds, sendOne } from './cases.ts';

/**
 * `npm run fuzz -- 20000 [--seed 1] [--from 0] [--only tiff,psd] [--minutes 30]`: malformed pictures, documents, headers and
 * forms against a real server in this process, so that a crash of native code ends the run. Fails on anything but a matte or a
 * refusal of the table. Input n of a seed is always the same one: a run that was ended goes on with `--from`.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '60' },
  },
});
const [total, seed, from] = [Number(positionals[0] ?? 20_000), Number(values.seed), Number(values.from)];
const deadline = performance.now() + Number(values.minutes) * 60_000;

interface Count {
  taken: number;
  refused: number;
  seconds: number;
  slowest: { seconds: number; number: number };
}

// Nothing is kept for edge controls: what is left over is lost.
const server = await startStandInServer({ maxCacheBytes: 0 });
const impatient = await startStandInServer({ requestTimeout: 300, maxCacheBytes: 0 });
const kinds = await fuzzKinds({ patient: server.port, impatient: impatient.port });
const names = values.only?.split(',') ?? Object.keys(kinds);
const slots = names.flatMap((name) => Array<string>(kinds[name]!.share).fill(name));
const counts = new Map(
  names.map((name): [string, Count] => [
    name,
    { taken: 0, refused: 0, seconds: 0, slowest: { seconds: 0, number: 0 } },
  ]),
);
const failures: string[] = [];
console.log(`inputs ${from} to ${total} of seed ${seed}`);

async function send(number: number): Promise<void> {
  const name = slots[number % slots.length]!;
  const began = performance.now();
  const { isTaken, complaint } = await sendOne(kinds[name]!, seed, number);
  const seconds = (performance.now() - began) / 1000;
  const count = counts.get(name)!;
  if (complaint) failures.push(`${name}, input ${number}: ${complaint}`);
  else if (isTaken) count.taken++;
  else count.refused++;
  count.seconds += seconds;
  if (seconds > count.slowest.seconds) count.slowest = { seconds, number };
  if (number % 1000 === 999) console.log(`${number + 1} sent`);
}

const isOver = () => performance.now() > deadline;
const run = async (start: number, end: number) => {
  const next = await fourAtOnce(start, end, send, isOver);
  globalThis.gc?.();
  return { next, memory: process.memoryUsage() };
};

// What caches and compiled code take is there after the first few hundred.
const warm = await run(from, from + Math.min(1000, (total - from) / 10));
const { next, memory } = await run(warm.next, total);
const alive = await post(server.port, { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(255, 255, 255) });
await Promise.all([server.close(), impatient.close()]);

const pad = (value: string | number, width = 10) => String(value).padStart(width);
console.log(`${'kind'.padEnd(12)}${['sent', 'taken', 'refused', 'mean', 'slowest'].map((text) => pad(text)).join('')}`);
for (const [name, { taken, refused, seconds, slowest }] of counts) {
  const sent = taken + refused;
  const times = [`${Math.round((1000 * seconds) / Math.max(1, sent))} ms`, `${slowest.seconds.toFixed(1)} s`];
  const row = [sent, taken, refused, ...times].map((value) => pad(value)).join('');
  console.log(`${name.padEnd(12)}${row}  (input ${slowest.number})`);
}
const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
for (const key of ['rss', 'heapUsed', 'external', 'arrayBuffers'] as const)
  console.log(`${key.padEnd(14)}${mb(warm.memory[key]).padStart(10)} -> ${mb(memory[key])}`);
console.log(`answers that are none: ${failures.length}; a picture after all that: ${alive.status}`);
for (const text of failures.slice(0, 20)) console.log(text.slice(0, 2000));
if (next < total) console.log(`out of time: go on with npm run fuzz -- ${total} --seed ${seed} --from ${next}`);
if (failures.length > 0 || alive.status !== 200) process.exitCode = 1;
