import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { ModelInfo } from '../../protocol/schemas/status.ts';
import { packageRoot } from '../../server/system/package-root.ts';

/** The models of `refine=best`. */
const MODELS = ['rvm', 'rvm-wide', 'isnet'];

/** `hairline serve` as people start it, on a port of its own, with all its models loaded. Linux only: it reads /proc. */
export class MeasuredProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #config: string;

  private constructor(child: ChildProcess, url: string, config: string) {
    this.#child = child;
    this.url = url;
    this.#config = config;
  }

  static async start(): Promise<MeasuredProcess> {
    const config = await mkdtemp(path.join(tmpdir(), 'hairline-bench-'));
    const main = path.join(packageRoot, 'server', 'cli', 'bin.mjs');
    const env = { ...process.env, HAIRLINE_CONFIG: config, HAIRLINE_LOG: 'silent' };
    const child = spawn(process.execPath, [main, 'serve', '--port', '0'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const server = new MeasuredProcess(child, await readUrl(child), config);
    await server.#loadModels();
    return server;
  }

  /** Resident bytes of the server's processes, added up. */
  async residentBytes(): Promise<number> {
    return this.#sum('VmRSS');
  }

  /** The most each process has held since `forgetPeak`, added up: never less than what they held together. */
  async peakBytes(): Promise<number> {
    return this.#sum('VmHWM');
  }

  async forgetPeak(): Promise<void> {
    for (const pid of await family(this.#child.pid!)) await writeFile(`/proc/${pid}/clear_refs`, '5');
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill();
    await gone;
    await rm(this.#config, { recursive: true, force: true });
  }

  async #sum(field: string): Promise<number> {
    let bytes = 0;
    for (const pid of await family(this.#child.pid!)) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      bytes += 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    }
    return bytes;
  }

  async #loadModels(): Promise<void> {
    for (;;) {
      const { models } = (await (await fetch(`${this.url}/v1/models`)).json()) as { models: ModelInfo[] };
      if (models.filter(({ id, state }) => MODELS.includes(id) && state === 'ready').length === MODELS.length) return;
      await wait(200);
    }
  }
}

async function readUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface(child.stderr!)) {
    const url = /listens at (http:\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error('The server ended early.');
}

/** A process and everything it started. */
export async function family(pid: number): Promise<number[]> {
  const members = [pid];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const children = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8');
    for (const child of children.split(' ').filter(Boolean)) members.push(...(await family(Number(child))));
  }
  return members;
}
