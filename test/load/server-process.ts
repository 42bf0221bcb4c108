import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../server/config/config.ts';
import { loadConfig } from '../../server/config/config.ts';
import type { Usage } from '../../server/engine/engine.ts';
import { type RunningServer, startServer } from '../../server/main.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { startStandInServer } from '../fixtures/stand-in.ts';

export interface ServerUsage {
  /** Bytes of the HTTP process. */
  rss: number;
  engine: Usage | null;
  restarts: number;
}

const SCRIPT = path.join(packageRoot, 'dist', 'test', 'load', 'server-process.js');

/** The server as a user runs it, away from the clients: neither their memory nor their work is counted as its own. */
export class ServerProcess {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#process = child;
    this.url = url;
  }

  /** @param model `stand-in`, or one of the product's own */
  static async start(model: string, settings: Partial<Config>): Promise<ServerProcess> {
    const child = fork(SCRIPT, [model, JSON.stringify(settings)]);
    const [url] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('The server process ended early.'))),
    ])) as [string];
    return new ServerProcess(child, url);
  }

  async usage(): Promise<ServerUsage> {
    this.#process.send('usage');
    const [usage] = (await once(this.#process, 'message')) as [ServerUsage];
    return usage;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}

async function serve(model: string, settings: Partial<Config>): Promise<void> {
  const server: RunningServer =
    model === 'stand-in'
      ? await startStandInServer(settings)
      : await startServer({ ...loadConfig({ port: 0, model, logLevel: 'silent' }), ...settings });
  process.once('disconnect', () => void server.close().finally(() => process.exit()));
  await server.ready;
  process.on('message', () => {
    const { usage: engine, restarts } = server.engine;
    process.send?.({ rss: process.memoryUsage.rss(), engine, restarts } satisfies ServerUsage);
  });
  process.send?.(server.url);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2]!, JSON.parse(process.argv[3]!));
