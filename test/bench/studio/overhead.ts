import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../../server/config/config.ts';
import type { Engine, MatteTask } from '../../../server/engine/engine.ts';
import { WorkerEngine } from '../../../server/engine/worker-engine.ts';
import { encodeJpeg } from '../../../server/imaging/codec.ts';
import { openQueueEngine, openWorker } from '../../../server/queue/open-queue.ts';
import { createModelRegistry } from '../../../server/registry/cached-registry.ts';
import { defaultsOf } from '../../../server/registry/preferred.ts';
import { builtInModelsDir } from '../../../server/registry/spec/spec-loader.ts';
import { TASK } from '../../server/engine/task.ts';
import { Studio } from '../../server/queue/studio.ts';
import type { Row } from './row.ts';

const [WIDTH, HEIGHT] = [4000, 3000];

/** The same engine directly and through the queue, in turns, so that a busy computer slows both. */
export async function measureOverhead(rounds: number, row: Row): Promise<void> {
  const studio = await Studio.start();
  const config = { ...studio.config(), ...pick(loadConfig()) };
  const modelsDirs = [builtInModelsDir];
  const registry = createModelRegistry({ modelsDirs, cacheDir: config.cacheDir, ...defaultsOf('auto') });
  const local = new WorkerEngine(config, registry, { modelsDirs, log: () => undefined });
  await local.prepare('auto');
  await local.prepareViews('best');
  const { close } = await openWorker(config, registry, local);
  const queued = openQueueEngine(config, registry);
  await queued.prepare('auto');
  const pixels = paint();
  const raw = { width: WIDTH, height: HEIGHT, channels: 4 as const, depth: 8 as const, bytes: pixels.length };
  const rgb = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let i = 0; i < WIDTH * HEIGHT; i++) pixels.copy(rgb, 3 * i, 4 * i, 4 * i + 3);
  const jpeg = await encodeJpeg({ width: WIDTH, height: HEIGHT, channels: 3, data: rgb });
  const cases = [
    ['JPEG', jpeg, { ...TASK, layout: null, type: 'image/png' }],
    ['raw pixels, as from the panel', pixels, { ...TASK, layout: raw, type: 'application/octet-stream' }],
  ] as const;
  for (const [name, body, task] of cases) {
    for (const refine of ['fast', 'best'] as const) {
      const wanted: MatteTask = { ...task, model: 'auto', refine };
      await time(local, wanted, body);
      const times: [number[], number[]] = [[], []];
      for (let i = 0; i < rounds; i++) {
        // Neither always goes first.
        for (const which of i % 2 ? [0, 1] : [1, 0])
          times[which]!.push(await time(which ? queued : local, wanted, body));
      }
      const [alone, through] = times.map((all) => all.sort((a, b) => a - b)[Math.floor(rounds / 2)]!);
      row(
        `12 MP, ${name} (${(body.length / 1e6).toFixed(1)} MB), refine=${refine}: queue over local engine`,
        '<= 15 %',
        `${((through! / alone! - 1) * 100).toFixed(1)} % (${alone!.toFixed(0)} to ${through!.toFixed(0)} ms, medians of ${rounds})`,
      );
    }
  }
  await queued.close();
  await close();
  await local.close();
  await studio.close();
}

const pick = ({ cacheDir, device, threads, maxCacheBytes, keepMattesFor }: ReturnType<typeof loadConfig>) => ({
  cacheDir,
  device,
  threads,
  maxCacheBytes,
  keepMattesFor,
});

async function time(engine: Engine, task: MatteTask, body: Buffer): Promise<number> {
  const began = performance.now();
  const answer = await engine.matte(task, body, { signal: new AbortController().signal });
  if (!Buffer.isBuffer(answer.body)) for await (const _ of answer.body);
  return performance.now() - began;
}

/** A bright shape with soft edges on a dark ground, with grain: neither trivial to encode nor all noise. */
function paint(): Buffer {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 4);
  const grain = randomBytes(65_536);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, at += 4) {
      const distance = Math.hypot(x - WIDTH / 2, (y - HEIGHT / 2) * 0.8);
      const light = 40 + 160 / (1 + Math.exp((distance - 900) / 60));
      const noise = grain[(at * 7 + y) & 65_535]! / 16;
      pixels[at] = light + noise;
      pixels[at + 1] = light * 0.9 + noise;
      pixels[at + 2] = light * 0.8 + noise;
      pixels[at + 3] = 255;
    }
  }
  return pixels;
}
