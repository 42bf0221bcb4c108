import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pullProgress } from '../../server/cli/progress.ts';
import { Terminal } from '../../server/cli/terminal.ts';
import { loadConfig } from '../../server/config/config.ts';
import { startServer } from '../../server/main.ts';
import { peakBytes } from './peak-bytes.ts';
import type { MeasuredServer } from './quality-source.ts';

type Message = { url: string } | { failure: string } | { peakBytes: number };

/**
 * The product in a process of its own, so that its peak memory is its own and not that of the metrics.
 * @param model also the default model of that server: the only one it downloads, loads and warms up at the start
 */
export async function forkServer(model: string | undefined): Promise<MeasuredServer> {
  const child = fork(fileURLToPath(import.meta.url), model ? [model] : []);
  const exited = once(child, 'exit');
  const answer = async () => {
    const [message] = (await Promise.race([
      once(child, 'message'),
      exited.then(() => Promise.reject(new Error('The server process ended early.'))),
    ])) as [Message];
    if ('failure' in message) throw new Error(message.failure);
    return message;
  };
  const ready = await answer();
  return {
    url: 'url' in ready ? ready.url : '',
    async peakBytes() {
      child.send('peak');
      const message = await answer();
      return 'peakBytes' in message ? message.peakBytes : Number.NaN;
    },
    async close() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

async function serve(model: string | undefined): Promise<void> {
  const reply = (message: Message) => process.send?.(message);
  const progress = pullProgress(new Terminal());
  try {
    const server = await startServer(loadConfig({ port: 0, model, logLevel: 'silent' }), {
      onProgress: progress.onProgress,
    });
    process.once('disconnect', () => void server.close());
    // Also what only `refine=best` needs: every picture is answered by the same models.
    await server.ready.then(() => server.best).finally(() => progress.stop());
    process.on('message', () => {
      reply({ peakBytes: peakBytes(server) });
    });
    reply({ url: server.url });
  } catch (error) {
    reply({ failure: (error as Error).message });
    process.disconnect?.();
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2]);
