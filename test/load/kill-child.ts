import { setTimeout as delay } from 'node:timers/promises';
import { seeded } from '../server/random.ts';
import { type Outcome, runClients } from './clients.ts';
import { Mix } from './requests.ts';
import type { ServerProcess } from './server-process.ts';

/** Longest time of peace before a kill, in milliseconds. */
const PEACE = 700;
const LOOK = 10;
/** A server that needs longer than this to recover will not. */
const GIVE_UP = 60_000;

export interface KillResult {
  outcome: Outcome;
  kills: number;
  /** Milliseconds from each kill until the model was ready again, sorted. */
  recoveries: number[];
}

/** Kills the child at random moments while clients ask for one picture after the other. */
export async function killUnderLoad(
  server: ServerProcess,
  { kills, clients, seed }: { kills: number; clients: number; seed: number },
): Promise<KillResult> {
  const random = seeded(seed);
  const mix = new Mix({ seed });
  let killed = 0;
  const recoveries: number[] = [];
  const murder = async () => {
    while (killed < kills) {
      await delay(random() * PEACE);
      const { engine } = await server.usage();
      if (!engine) continue;
      process.kill(engine.pid, 'SIGKILL');
      const began = performance.now();
      killed++;
      await untilReady(server, engine.pid, began + GIVE_UP);
      recoveries.push(performance.now() - began);
    }
  };
  const killing = murder();
  let over = false;
  void killing.finally(() => {
    over = true;
  });
  const all: Outcome = { right: 0, refused: {}, wrong: [], lost: [], stuck: [], times: [] };
  // In batches, because the number of pictures between the kills is unknown in advance.
  while (!over) add(all, await runClients(server.url, () => mix.next(), { clients, requests: 4 * clients }));
  await killing;
  recoveries.sort((a, b) => a - b);
  return { outcome: all, kills: killed, recoveries };
}

async function untilReady(server: ServerProcess, killed: number, until: number): Promise<void> {
  while (performance.now() < until) {
    const { engine } = await server.usage();
    if (engine && engine.pid !== killed) {
      const response = await fetch(`${server.url}/ready`);
      await response.arrayBuffer();
      if (response.ok) return;
    }
    await delay(LOOK);
  }
  throw new Error('The server did not recover.');
}

function add(all: Outcome, { right, refused, wrong, lost, stuck, times }: Outcome): void {
  all.right += right;
  for (const [code, count] of Object.entries(refused)) all.refused[code] = (all.refused[code] ?? 0) + count;
  all.wrong.push(...wrong);
  all.lost.push(...lost);
  all.stuck.push(...stuck);
  all.times.push(...times);
}
