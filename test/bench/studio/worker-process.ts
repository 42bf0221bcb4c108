import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../../server/config/config.ts';
import { openWorker } from '../../../server/queue/open-queue.ts';
import { packageRoot } from '../../../server/system/package-root.ts';
import { registry, ScriptedEngine } from '../../server/queue/studio.ts';

const SCRIPT = path.join(packageRoot, 'dist', 'test', 'bench', 'studio', 'worker-process.js');

/** Workers with a stand-in engine, in a process of their own. */
export class WorkerProcess {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** @param count of workers in the process */
  static async start(config: Config, count = 1): Promise<WorkerProcess> {
    const child = fork(SCRIPT, [JSON.stringify(config), String(count)]);
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('A worker process ended early.'))),
    ]);
    return new WorkerProcess(child);
  }

  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Drains. */
  async close(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}

async function work(config: Config, count: number): Promise<void> {
  const workers = await Promise.all(
    Array.from({ length: count }, () => openWorker(config, registry, new ScriptedEngine())),
  );
  process.once('disconnect', async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    process.exit();
  });
  process.send?.('working');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await work(JSON.parse(process.argv[2]!), Number(process.argv[3]));
