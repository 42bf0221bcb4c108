import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Reply } from './worker.ts';

type Ready = Extract<Reply, { ready: true }>;

/** A benchmark process that answers one question at a time. */
export class Child {
  readonly #process: ChildProcess;
  readonly info: Ready;

  private constructor(child: ChildProcess, info: Ready) {
    this.#process = child;
    this.info = info;
  }

  static async start(role: 'bare' | 'server', model: string): Promise<Child> {
    const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), [role, model]);
    const [info] = await Promise.race([
      once(child, 'message') as Promise<[Ready]>,
      once(child, 'exit').then(() => Promise.reject(new Error(`the ${role} process ended before it was ready`))),
    ]);
    return new Child(child, info);
  }

  async run(): Promise<number> {
    const { ms } = await this.#ask<{ ms: number }>('run');
    return ms;
  }

  async peakBytes(): Promise<number> {
    const { peakBytes } = await this.#ask<{ peakBytes: number }>('peak');
    return peakBytes;
  }

  stop(): void {
    this.#process.kill();
  }

  async #ask<T>(question: string): Promise<T> {
    this.#process.send(question);
    const [answer] = await once(this.#process, 'message');
    return answer as T;
  }
}
