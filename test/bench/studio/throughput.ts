import { randomBytes } from 'node:crypto';
import { ask, Studio } from '../../server/queue/studio.ts';
import type { Row } from './row.ts';
import { WorkerProcess } from './worker-process.ts';

/** Milliseconds that the stand-in sleeps per picture. */
const TAKES = 500;
const PICTURE = randomBytes(1_000_000);

/** Workers that sleep: what is missing to the ideal is the queue's, or the processor's. */
export async function measureThroughput({ most, crowd }: { most: number; crowd: number }, row: Row): Promise<void> {
  let single = 0;
  for (let count = 1; count <= most; count *= 2) {
    const rate = await measureRate(count, count, 20 * count);
    single ||= rate;
    const share = (rate / count / single).toFixed(2);
    row(
      `${count} workers, ${TAKES} ms a picture of 1 MB`,
      '>= 0.95 of linear',
      `${rate.toFixed(2)} a second, ${share}`,
    );
  }
  if (crowd === 0) return;
  const rate = await measureRate(crowd, 4, 10 * crowd);
  const ideal = (1000 * crowd) / TAKES;
  row(
    `${crowd} workers in 4 processes, ${TAKES} ms a picture of 1 MB`,
    'where the queue saturates',
    `${rate.toFixed(0)} a second of ${ideal.toFixed(0)}, ${(rate * 2).toFixed(0)} MB a second there and back`,
  );
}

/** @returns pictures per second, starting and ending left out */
async function measureRate(workers: number, processes: number, pictures: number): Promise<number> {
  const studio = await Studio.start();
  const config = studio.config({ concurrency: 1 });
  const running = await Promise.all(
    Array.from({ length: processes }, () => WorkerProcess.start(config, workers / processes)),
  );
  const server = studio.serve({ maxWaiting: 100_000 });
  await server.prepare('auto');
  const ends: number[] = [];
  let left = pictures;
  // Twice as many in the queue as are worked on.
  const client = async () => {
    while (left-- > 0) {
      await ask(server, `slow ${TAKES}`, PICTURE);
      ends.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: 2 * workers }, client));
  await Promise.all(running.map((worker) => worker.close()));
  await studio.close();
  // From one full round to the last one that is full.
  const [first, last] = [workers - 1, pictures - workers - 1];
  return (1000 * (last - first)) / (ends[last]! - ends[first]!);
}
