import { Queue } from 'bullmq';
import type { Link } from './link.ts';
import { type Order, orderName, type SealedOrder } from './orders.ts';
import { Roll, type WorkerInfo } from './roll.ts';

/** Jobs of a queue that are looked at for whose they are. */
const LOOKED_AT = 2_000;

export interface QueueSurvey {
  name: string;
  waiting: number;
  active: number;
  /** Seconds that the oldest of those that wait has waited; null when none does. */
  oldest: number | null;
  /** Pictures that wait or are in progress, by server and client, most first. */
  clients: { client: string; pictures: number }[];
}

export interface Survey {
  workers: WorkerInfo[];
  queues: QueueSurvey[];
}

/** What goes on in the cluster at the moment. */
export async function surveyCluster(link: Link): Promise<Survey> {
  const workers = await new Roll(link).list();
  const names = new Set([...workers.map(({ pool }) => pool), ...(await findQueues(link))]);
  const queues = await Promise.all([...names].sort().map((name) => surveyQueue(link, name)));
  return { workers, queues };
}

/** Also those that no worker takes from any longer; not those of single workers. */
async function findQueues(link: Link): Promise<string[]> {
  const [start, end] = [`${link.queuePrefix}:`, ':meta'];
  const found: string[] = [];
  for await (const keys of link.redis.scanStream({ match: `${start}${link.sealer.mark}_*${end}`, count: 1000 }))
    found.push(...(keys as string[]).map((key) => key.slice(start.length, -end.length)));
  return found.filter((name) => !name.includes('_worker_'));
}

async function surveyQueue(link: Link, name: string): Promise<QueueSurvey> {
  const queue = new Queue<SealedOrder>(name, {
    connection: link.redis,
    prefix: link.queuePrefix,
    skipMetasUpdate: true,
  });
  queue.on('error', () => undefined);
  const { active = 0, waiting = 0, prioritized = 0 } = await queue.getJobCounts('active', 'waiting', 'prioritized');
  const waits = await queue.getJobs(['waiting', 'prioritized'], 0, LOOKED_AT - 1, true);
  const works = await queue.getJobs(['active'], 0, LOOKED_AT - 1, true);
  await queue.close();
  const counts = new Map<string, number>();
  for (const job of [...waits, ...works]) {
    if (!job?.id) continue;
    const client = clientOf(link, name, job.id, job.data);
    counts.set(client, (counts.get(client) ?? 0) + 1);
  }
  const added = waits.flatMap((job) => (job ? [job.timestamp] : []));
  return {
    name,
    waiting: waiting + prioritized,
    active,
    oldest: added.length === 0 ? null : Math.max(0, (Date.now() - Math.min(...added)) / 1000),
    clients: [...counts].map(([client, pictures]) => ({ client, pictures })).sort((a, b) => b.pictures - a.pictures),
  };
}

function clientOf(link: Link, queue: string, id: string, data: SealedOrder): string {
  try {
    return link.sealer.openValue<Order>(id, orderName(queue), data.order).client || 'unknown';
  } catch {
    return 'not of this cluster';
  }
}
