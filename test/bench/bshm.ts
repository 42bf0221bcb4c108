import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HEADERS, RAW_TYPE } from '../../protocol/matte.ts';
import { loadConfig } from '../../server/config/config.ts';
import { openEncoded } from '../../server/imaging/codec.ts';
import { startServer } from '../../server/main.ts';
import { createModelRegistry } from '../../server/registry/cached-registry.ts';
import { builtInModelsDir } from '../../server/registry/spec/spec-loader.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { buildStandIn, FULL_SIZE } from '../models/import/bshm-stand-in.ts';

/**
 * What a model of BSHM's size costs, with random weights: the frozen TensorFlow graph is added like a user's own file,
 * imported, loaded and asked for the alpha of pictures of four sizes. Past the network, cost must grow no faster than
 * pixels. Usage: npm run bench:bshm [-- <runs>]
 */
const RUNS = Number(process.argv[2] ?? 3);
const SIZES = [
  [1920, 1080],
  [2560, 1440],
  [3264, 2448],
  [4096, 2732],
] as const;

const folder = mkdtempSync(path.join(tmpdir(), 'hairline-bshm-'));
try {
  const { graph, parameters } = buildStandIn({ ...FULL_SIZE, placement: 'legacy', norm: 'fused', head: 'output_png' });
  const file = path.join(folder, 'tf_graph.pb');
  writeFileSync(file, graph.toGraphDef());
  const registry = createModelRegistry({ modelsDirs: [builtInModelsDir], cacheDir: folder, defaultModel: 'bshm' });
  const imported = await time(() => registry.add(registry.resolve('bshm'), file));
  const server = await startServer({
    ...loadConfig({ port: 0, model: 'bshm', device: 'cpu', logLevel: 'silent' }, {}),
    cacheDir: folder,
    configDir: folder,
  });
  const loaded = await time(() => server.ready);
  console.log(
    `${(parameters / 1e6).toFixed(1)} million parameters, imported in ${seconds(imported)}, loaded in ${seconds(loaded)}\n`,
  );
  console.log('| raw RGB | POST to alpha | network | past the network | per pixel |\n|---|---|---|---|---|');
  const photo = await openEncoded(
    await readFile(path.join(packageRoot, 'node_modules/@vladmandic/face-api/demo/sample4.jpg')),
  );
  for (const [width, height] of SIZES) {
    const body = (await photo.readGrid(width, height)) as Uint8Array<ArrayBuffer>;
    const runs: { total: number; network: number }[] = [];
    for (let i = 0; i <= RUNS; i++) runs.push(await post(server.url, body, width, height));
    // The first one warms up buffers of this size.
    const middle = runs.slice(1).sort((a, b) => a.total - a.network - (b.total - b.network))[RUNS >> 1]!;
    const rest = middle.total - middle.network;
    const perPixel = (rest * 1e6) / (width * height);
    console.log(
      `| ${width}x${height} | ${middle.total.toFixed(0)} ms | ${middle.network.toFixed(0)} ms | ${rest.toFixed(0)} ms | ${perPixel.toFixed(0)} ns |`,
    );
  }
  console.log(`\npeak resident memory ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB, importing included`);
  await server.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function post(url: string, body: Uint8Array<ArrayBuffer>, width: number, height: number) {
  const began = performance.now();
  const response = await fetch(`${url}/v1/mattes?model=bshm`, {
    method: 'POST',
    body,
    headers: {
      'content-type': RAW_TYPE,
      [HEADERS.width]: String(width),
      [HEADERS.height]: String(height),
      [HEADERS.channels]: '3',
    },
  });
  const alpha = await response.arrayBuffer();
  if (alpha.byteLength !== width * height) throw new Error(Buffer.from(alpha).toString());
  const network = /inference;dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1];
  return { total: performance.now() - began, network: Number(network) };
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
