import { startStandInServer } from '../../fixtures/stand-in.ts';
import { seeded } from '../random.ts';
import { post, rawHeaders } from '../raw-socket.ts';
import { fuzzCases, repeat } from './cases.ts';
import { Mutator } from './mutate.ts';

/**
 * `npm run fuzz -- [inputs] [seed]`: malformed pictures, headers and forms against a real server in this process, so that
 * a crash of native code ends the run. Fails on anything but a matte or a refusal of the table.
 */
const total = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const SHARES: Readonly<Record<string, number>> = {
  pictures: 0.5,
  documents: 0.2,
  'headers and addresses': 0.2,
  forms: 0.1,
};

console.log(`${total} inputs, seed ${seed}`);
// Nothing is kept for edge controls: what is left over is lost.
const server = await startStandInServer({ maxCacheBytes: 0 });
const impatient = await startStandInServer({ requestTimeout: 300, maxCacheBytes: 0 });
const ports = { patient: server.port, impatient: impatient.port };
const cases = await fuzzCases(ports, new Mutator(seeded(seed)));
const failures: string[] = [];
const run = async (share: number) => {
  for (const [name, send] of Object.entries(cases)) {
    const complaints = await repeat(Math.round(share * SHARES[name]!), send);
    failures.push(...complaints.map((text) => `${name}: ${text}`));
  }
  globalThis.gc?.();
  return process.memoryUsage();
};

// What caches and compiled code take is there after the first few hundred.
const before = await run(Math.min(1000, total / 10));
const after = await run(total - Math.min(1000, total / 10));
const alive = await post(server.port, { headers: rawHeaders(1, 1, 3), body: Uint8Array.of(255, 255, 255) });
await Promise.all([server.close(), impatient.close()]);

const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
const row = (name: string, key: 'rss' | 'heapUsed' | 'external' | 'arrayBuffers') =>
  console.log(`${name.padEnd(14)}${mb(before[key]).padStart(10)} -> ${mb(after[key])}`);
row('resident', 'rss');
row('heap', 'heapUsed');
row('external', 'external');
row('array buffers', 'arrayBuffers');
console.log(`answers that are none: ${failures.length}; a picture after all that: ${alive.status}`);
for (const text of failures.slice(0, 20)) console.log(text.slice(0, 2000));
if (failures.length > 0 || alive.status !== 200) process.exitCode = 1;
