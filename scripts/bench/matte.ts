import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { ENCODED_TYPES, HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { openEncoded } from '../../server/imaging/codec.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { Child } from './child.ts';
import { measurePanel } from './panel.ts';

/**
 * End to end against the floor: a warm `POST /v1/mattes` over the bare network run, on the same machine in the same
 * minutes. The two alternate, and the ratio is taken pair by pair, so that a machine whose speed drifts does not matter.
 * Usage: npm run bench [-- <pairs> <model>]
 */
const agent = new Agent({ keepAlive: true });
const PAIRS = Number(process.argv[2] ?? 9);
const MODEL = process.argv[3] ?? 'isnet';
const jpeg = await readFile(path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample4.jpg'));
const photo = await openEncoded(jpeg);

interface Case {
  name: string;
  aim: number;
  body: Uint8Array;
  headers: Record<string, string>;
}

const cases: Case[] = [
  {
    name: `JPEG ${photo.width}x${photo.height}`,
    aim: 1.1,
    body: jpeg,
    headers: { 'content-type': ENCODED_TYPES[0], accept: RAW_TYPE },
  },
  await rawCase(1920, 1280, 1.05),
  await rawCase(4096, 2732, 1.25),
];

const bare = await Child.start('bare', MODEL);
console.log(`model ${bare.info.model} on ${bare.info.provider}, ${PAIRS} pairs a row, medians\n`);
console.log('| request | bare run | POST to alpha | ratio | aim |\n|---|---|---|---|---|');
const server = await Child.start('server', MODEL);
for (const item of cases) {
  // Warm: code compiled, buffers of this size allocated once.
  for (let i = 0; i < 3; i++) await post(server, item);
  const pairs: { floor: number; total: number }[] = [];
  for (let i = 0; i < PAIRS; i++) pairs.push({ floor: await bare.run(), total: await post(server, item) });
  const ratio = median(pairs.map(({ floor, total }) => total / floor));
  const [floor, total] = [median(pairs.map((p) => p.floor)), median(pairs.map((p) => p.total))];
  console.log(
    `| ${item.name} | ${floor.toFixed(0)} ms | ${total.toFixed(0)} ms | ${ratio.toFixed(3)} | <= ${item.aim.toFixed(2)} |`,
  );
}
server.stop();

// A server of its own, so that the peak belongs to this one size.
const fresh = await Child.start('server', MODEL);
for (let i = 0; i < 3; i++) await post(fresh, cases[2]!);
const [served, floor] = [await fresh.peakBytes(), await bare.peakBytes()];
console.log('\n| peak resident memory | bare session | server at 4096x2732 | ratio | aim |\n|---|---|---|---|---|');
console.log(`| | ${megabytes(floor)} | ${megabytes(served)} | ${(served / floor).toFixed(3)} | <= 1.20 |`);
bare.stop();
fresh.stop();

agent.destroy();
const panel = await measurePanel(photo);
console.log('\n| panel, simulated Photoshop, 4096x2732, 8 bit | |\n|---|---|');
for (const [name, value] of Object.entries(panel)) console.log(`| ${name} | ${value} |`);

async function rawCase(width: number, height: number, aim: number): Promise<Case> {
  return {
    name: `raw RGB ${width}x${height}`,
    aim,
    body: await photo.readGrid(width, height),
    headers: {
      'content-type': RAW_TYPE,
      [HEADERS.width]: String(width),
      [HEADERS.height]: String(height),
      [HEADERS.channels]: '3',
    },
  };
}

/** One network run and nothing else, as the bare network. With Node's plain client: `fetch` would copy the body once more, which is not the server's time. */
function post(child: Child, { body, headers }: Case): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.byteLength } };
    const sending = request(`${child.info.url}/v1/mattes?refine=fast`, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began);
        else reject(new Error(Buffer.concat(chunks).toString()));
      });
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
