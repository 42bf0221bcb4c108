import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../server/system/package-root.ts';

const SCRIPT = path.join(packageRoot, 'dist', 'test', 'load', 'health-probe.js');
const EVERY = 25;

/** Asks for `/health` again and again, from a process of its own, so that busy clients do not slow it down. */
export class HealthProbe {
  readonly #process: ChildProcess;

  constructor(url: string) {
    this.#process = fork(SCRIPT, [url]);
  }

  /** @returns milliseconds of each answer, sorted */
  async stop(): Promise<number[]> {
    this.#process.send('stop');
    const [times] = (await once(this.#process, 'message')) as [number[]];
    this.#process.disconnect();
    return times.sort((a, b) => a - b);
  }
}

async function probe(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  let going = true;
  process.once('message', () => {
    going = false;
  });
  process.once('disconnect', () => process.exit());
  while (going) {
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      get(`${url}/health`, { agent }, (response) => response.resume().once('end', resolve)).once('error', reject);
    });
    times.push(performance.now() - began);
    await delay(EVERY);
  }
  process.send?.(times);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await probe(process.argv[2]!);
