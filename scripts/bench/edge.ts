import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import accepts from '@fastify/accepts';
import Fastify from 'fastify';
import { JPEG_TYPE, PNG_TYPE, RAW_TYPE } from '../../protocol/matte.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import { LocalEngine } from '../../server/engine/local-engine.ts';
import { Admission } from '../../server/http/admission.ts';
import { registerEdge } from '../../server/http/routes/edge.ts';
import { openRaw } from '../../server/imaging/codec.ts';
import { MatteCache } from '../../server/matting/matte-cache.ts';
import { MatteService } from '../../server/matting/service.ts';
import { createModelRegistry } from '../../server/registry/cached-registry.ts';
import { defaultsOf } from '../../server/registry/preferred.ts';
import { builtInModelsDir } from '../../server/registry/spec/spec-loader.ts';

/**
 * Edge controls over HTTP as the panel sees them, raw answers unless the row says otherwise: from a matte of 4096 x 2732 that is kept already, a drawn
 * head with 900 strands of hair, and its 1600 px preview. Median and worst of the runs after the first, and the first.
 * Usage: npm run bench:edge [-- --runs 7]
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } });
const [WIDTH, HEIGHT, PREVIEW] = [4096, 2732, 1600];
const AIMS = { full: 1000, preview: 150 };

const ALL: EdgeRequest = { shift: -3, feather: 2, contrast: 30, hair: 0.5, removeSpecks: 500, fillHoles: 500 };
const CASES: Record<string, EdgeRequest> = {
  'nothing (as kept)': {},
  'shift -3': { shift: -3 },
  'shift +10': { shift: 10 },
  'shift +20 (most)': { shift: 20 },
  'feather 2': { feather: 2 },
  'feather 40': { feather: 40 },
  'contrast 30': { contrast: 30 },
  'hair +0.5': { hair: 0.5 },
  'specks and holes 500': { removeSpecks: 500, fillHoles: 500 },
  'all of them': ALL,
  'all, cutout, fast': { ...ALL, output: 'cutout', foreground: 'fast' },
  'all, cutout, best': { ...ALL, output: 'cutout', foreground: 'best' },
  'all, composition, fast': { ...ALL, output: 'composition', background: 'checker', foreground: 'fast' },
};
const TYPES = [RAW_TYPE, JPEG_TYPE, PNG_TYPE];

const alpha = { width: WIDTH, height: HEIGHT, data: drawHead() };
const rgb = new Uint8Array(WIDTH * HEIGHT * 3).map((_, i) => (i * 7919) >> 9);
const picture = openRaw({ width: WIDTH, height: HEIGHT, channels: 3, data: rgb });
const cache = new MatteCache({ maxBytes: 2 ** 29, keepFor: 600_000 });
const id = cache.add({ alpha, picture, model: 'drawing', provider: 'cpu' }, rgb.length);

const registry = createModelRegistry({ modelsDirs: [builtInModelsDir], cacheDir: '', ...defaultsOf('auto') });
const mattes = new MatteService(registry, () => Promise.reject(new Error('Edge controls run no network.')));
const app = Fastify();
app.removeAllContentTypeParsers();
await app.register(accepts);
await registerEdge(app, new LocalEngine(mattes, cache), new Admission(8, 2 ** 30));
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;

console.log(
  `| controls | ${WIDTH}x${HEIGHT}, aim <= ${AIMS.full} ms | ${PREVIEW} px preview, aim <= ${AIMS.preview} ms |\n|---|---|---|`,
);
for (const [name, settings] of Object.entries(CASES)) {
  const types = settings.output === undefined ? [RAW_TYPE] : TYPES.filter((type) => fits(type, settings));
  for (const type of types) await measure(name, settings, type);
}
await app.close();

/** A JPEG has no transparency. */
function fits(type: string, { output }: EdgeRequest): boolean {
  return type !== JPEG_TYPE || output === 'composition';
}

async function measure(name: string, settings: EdgeRequest, type: string): Promise<void> {
  const cells: string[] = [];
  for (const width of [undefined, PREVIEW]) {
    const body = { ...settings, ...(width !== undefined && { width }) };
    const first = await ask(body, type);
    const times: number[] = [];
    for (let i = 0; i < Number(values.runs); i++) times.push(await ask(body, type));
    times.sort((a, b) => a - b);
    const [median, worst] = [times[times.length >> 1]!, times.at(-1)!];
    cells.push(`${median.toFixed(0)} ms (worst ${worst.toFixed(0)}, first ${first.toFixed(0)})`);
  }
  const suffix = type === RAW_TYPE ? '' : `, ${type.split('/')[1]!.toUpperCase()}`;
  console.log(`| ${name}${suffix} | ${cells.join(' | ')} |`);
}

async function ask(body: EdgeRequest, accept: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/v1/mattes/${id}/edge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  });
  const bytes = await response.arrayBuffer();
  if (!response.ok) throw new Error(Buffer.from(bytes).toString());
  return performance.now() - began;
}

function drawHead(): Uint16Array {
  const data = new Uint16Array(WIDTH * HEIGHT);
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const put = (x: number, y: number, value: number) => {
    if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) return;
    const i = y * WIDTH + x;
    data[i] = Math.max(data[i]!, 65535 * Math.min(1, Math.max(0, value)));
  };
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const head = 620 - Math.hypot(x - 2048, (y - 1100) * 0.85);
      const body = 1200 - Math.hypot((x - 2048) * 0.9, (y - 2900) * 0.8);
      put(x, y, 0.5 + Math.max(head, body) / 4);
    }
  }
  for (let strand = 0; strand < 900; strand++) {
    let angle = Math.PI * (1 + random()) + 0.3 * random();
    let [x, y] = [2048 + 600 * Math.cos(angle), 1100 + 690 * Math.sin(angle)];
    for (let step = 0; step < 260; step++) {
      angle += (random() - 0.5) * 0.12;
      x += Math.cos(angle);
      y += Math.sin(angle);
      const strength = 0.9 * (1 - step / 260);
      put(Math.round(x), Math.round(y), strength);
      put(Math.round(x) + 1, Math.round(y), strength / 2);
    }
  }
  for (let i = 0; i < 400; i++) put(Math.floor(random() * WIDTH), Math.floor(random() * HEIGHT), 0.3 + random());
  return data;
}
