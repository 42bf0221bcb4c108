import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { encodeJpeg, openEncoded } from '../../server/imaging/codec.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { MeasuredProcess } from './memory-server.ts';

/**
 * What a picture costs a fresh server beyond its idle self with the models loaded: memory at the peak, and time beyond
 * the network runs, for alpha beside its floor: the picture decoded once and the answer made once. The pictures are one
 * portrait, enlarged; each row has a server of its own, whose first picture it is.
 * Usage: npm run bench:memory [-- --sizes 24,100 --refine fast,best --output alpha,cutout --body jpeg,raw --stages]
 */
const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '24,100' },
    refine: { type: 'string', default: 'fast,best' },
    output: { type: 'string', default: 'alpha,cutout' },
    body: { type: 'string', default: 'jpeg,raw' },
    stages: { type: 'boolean', default: false },
  },
});
const list = (text: string) => text.split(',');

const SAMPLE = path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample4.jpg');
const ASPECT = 3 / 2;
/** Megabytes above idle; nanoseconds a pixel past the network, for alpha. */
const AIMS = { small: 700, large: 1500, time: 60 };

interface Body {
  file: string;
  bytes: number;
  headers: Record<string, string>;
}

const folder = await mkdtemp(path.join(tmpdir(), 'hairline-bench-'));
try {
  console.log(
    '| picture | refine | output | idle | peak above it | aim | past the network | per pixel | floor | aim | wall | answer |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|---|');
  for (const size of list(values.sizes).map(Number)) {
    const height = Math.round(Math.sqrt((size * 1e6) / ASPECT));
    const width = Math.round(height * ASPECT);
    const bodies = await drawBodies(width, height);
    for (const kind of list(values.body)) {
      for (const refine of list(values.refine)) {
        for (const output of list(values.output)) {
          const row = await measure(bodies[kind as 'jpeg' | 'raw'], { refine, output });
          const perPixel = (seconds: number) => `${((seconds * 1e9) / (width * height)).toFixed(0)} ns`;
          const aim = size <= 24 ? AIMS.small : AIMS.large;
          console.log(
            `| ${size} MP ${kind} | ${refine} | ${output} | ${megabytes(row.idle)} | ${megabytes(row.peak)} | <= ${aim} MB | ${row.past.toFixed(2)} s | ` +
              `${perPixel(row.past)} | ${output === 'alpha' ? perPixel(row.floor) : ''} | ${output === 'alpha' ? `<= ${AIMS.time} ns` : ''} | ${row.wall.toFixed(2)} s | ` +
              `${megabytes(row.answered)} |`,
          );
          if (values.stages) console.log(row.stages);
        }
      }
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Files, so that this process holds no big picture while it measures another. */
async function drawBodies(width: number, height: number): Promise<Record<'jpeg' | 'raw', Body>> {
  const photo = await openEncoded(await readFile(SAMPLE));
  const data = await photo.readGrid(width, height);
  const jpeg = await encodeJpeg({ width, height, channels: 3, data }, 92);
  const save = async (name: string, bytes: Uint8Array, headers: Record<string, string>): Promise<Body> => {
    const file = path.join(folder, name);
    await writeFile(file, bytes);
    return { file, bytes: bytes.byteLength, headers };
  };
  return {
    jpeg: await save('picture.jpg', jpeg, { 'content-type': 'image/jpeg' }),
    raw: await save('picture.raw', data, {
      'content-type': RAW_TYPE,
      [HEADERS.width]: String(width),
      [HEADERS.height]: String(height),
      [HEADERS.channels]: '3',
    }),
  };
}

async function measure(body: Body, query: Record<string, string>) {
  const server = await MeasuredProcess.start();
  try {
    const idle = await server.residentBytes();
    await server.forgetPeak();
    const began = performance.now();
    const { network, finish, answered, stages } = await post(
      `${server.url}/v1/mattes?${new URLSearchParams(query)}`,
      body,
    );
    const wall = (performance.now() - began) / 1000;
    const peak = (await server.peakBytes()) - idle;
    const floor = (await timeDecoding(body)) + finish;
    return { idle, stages, peak, wall, past: wall - network, floor, answered };
  } finally {
    await server.stop();
  }
}

/** Seconds to decode a compressed picture once at its own size: raw pixels need none. */
async function timeDecoding({ file, headers }: Body): Promise<number> {
  if (headers['content-type'] === RAW_TYPE) return 0;
  const picture = await openEncoded(await readFile(file));
  const began = performance.now();
  await picture.readRaster(8);
  return (performance.now() - began) / 1000;
}

interface Cost {
  /** Seconds of the network runs. */
  network: number;
  /** Seconds to make the answer of the matte. */
  finish: number;
  answered: number;
  stages: string;
}

/** The answer is dropped as it comes. */
async function post(url: string, { file, bytes, headers }: Body): Promise<Cost> {
  const source = await open(file);
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', headers: { ...headers, 'content-length': bytes } }, (response) => {
      let answered = 0;
      response.on('data', (chunk: Buffer) => {
        answered += chunk.length;
        if (response.statusCode !== 200) console.error(chunk.toString());
      });
      response.on('error', reject);
      response.on('end', () => {
        const stages = String(response.headers['server-timing']);
        const seconds = (stage: string) => Number(new RegExp(`${stage};dur=([\\d.]+)`).exec(stages)?.[1]) / 1000;
        const [network, finish] = [seconds('inference'), seconds('finish')];
        if (response.statusCode === 200) resolve({ network, finish, answered, stages });
        else reject(new Error(`The server answered ${response.statusCode}.`));
      });
    });
    sending.on('error', reject);
    source.createReadStream().pipe(sending);
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
