import type { OpenWorker } from '../../../server/queue/open-queue.ts';
import type { QueueEngine } from '../../../server/queue/queue-engine.ts';
import { ask, ScriptedEngine, Studio } from '../../server/queue/studio.ts';
import type { Row } from './row.ts';

const WORKERS = 4;
const CLIENTS = 8;
const TAKES = 50;

/**
 * Four workers and two servers go to another version under load: new workers beside the old ones, then the servers one
 * after the other, then the old workers drain. Afterwards each worker is restarted once.
 */
export async function measureUpgrade(pictures: number, row: Row): Promise<void> {
  const studio = await Studio.start();
  const old: OpenWorker[] = [];
  for (let i = 0; i < WORKERS; i++)
    old.push(await studio.work(new ScriptedEngine(), { version: '1.0.0', concurrency: 1 }));
  const servers: QueueEngine[] = [studio.serve({}, { version: '1.0.0' }), studio.serve({}, { version: '1.0.0' })];
  await Promise.all(servers.map((server) => server.prepare('auto')));
  const failures: string[] = [];
  let [done, isOver] = [0, false];
  const client = async (index: number) => {
    while (!isOver) {
      const name = `${index} ${done}`;
      try {
        const { body } = await ask(servers[index % servers.length]!, `slow ${TAKES}`, name, { client: String(index) });
        if (String(body) !== name) throw new Error('another picture');
        done++;
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));
  const more = async (count: number) => {
    for (const until = done + count; done < until; ) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const step = Math.ceil(pictures / 12);
  const young: OpenWorker[] = [];
  for (let i = 0; i < WORKERS; i++) {
    await more(step);
    young.push(await studio.work(new ScriptedEngine(), { version: '2.0.0', concurrency: 1 }));
  }
  for (const index of servers.keys()) {
    await more(step);
    // What the old one has begun, it finishes.
    const next = studio.serve({}, { version: '2.0.0' });
    await next.prepare('auto');
    servers[index] = next;
  }
  await more(step);
  for (const worker of old) await worker.close();
  for (const worker of young) {
    await more(step);
    await worker.close();
    await studio.work(new ScriptedEngine(), { version: '2.0.0', concurrency: 1 });
  }
  await more(step);
  isOver = true;
  await Promise.all(clients);
  for (const failure of failures.slice(0, 5)) console.error(failure);
  row(
    `${WORKERS} workers and 2 servers upgraded, then each worker restarted, under load`,
    '0 failed',
    `${failures.length} failed, ${done} right`,
  );
  await studio.close();
}
