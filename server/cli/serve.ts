import { randomBytes } from 'node:crypto';
import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import { type Flags, loadConfig } from '../config.ts';
import { probe, readDiscovery, removeDiscovery, writeDiscovery } from '../discovery.ts';
import { VERSION } from '../package-root.ts';
import { pullProgress } from './progress.ts';
import { EXIT, Terminal } from './terminal.ts';

/** Milliseconds that a matte in progress may take to finish after Ctrl-C or `hairline stop`. */
export const GRACE = 30_000;

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('start the matting server that the Photoshop panel talks to')
    .option('-p, --port <number>', 'listen on this port only (default: the first free one of 7866 to 7869)')
    .option('-m, --model <id>', 'model that runs unless a request names one')
    .option('--device <device>', 'auto, gpu, cpu, cuda, dml, coreml or webgpu')
    .option('--strict', 'fail rather than fall back from the fastest provider of this system')
    .option('--recheck', 'check the providers again instead of trusting what was found out before')
    .option('--threads <number>', 'threads of the CPU provider (default: as many as cores)')
    .option('--cache-dir <folder>', 'where models are kept')
    .option('--log-level <level>', 'silent, error, warn, info or debug')
    .action((flags: Flags) => serve(flags));
}

async function serve(flags: Flags): Promise<void> {
  const terminal = new Terminal();
  const config = loadConfig(flags);
  const other = await readDiscovery(config.configDir);
  if (other && flags.port === undefined) {
    const health = await probe(other.port);
    terminal.say(`Hairline ${health?.version ?? ''} is already running at http://127.0.0.1:${other.port}.`);
    return;
  }
  // Loaded only now: the other commands do without the web server and the network runtime.
  const [{ createLogger }, { startServer }] = await Promise.all([import('../logger.ts'), import('../main.ts')]);
  const progress = pullProgress(terminal);
  const logger = createLogger(config.logLevel);
  let stop = () => {};
  const shutdown = { token: randomBytes(32).toString('base64url'), begin: () => stop() };
  const server = await startServer(config, { logger, onProgress: progress.onProgress, shutdown }).catch(
    (error: Error) => {
      terminal.complain(`Hairline could not start. ${error.message}`);
      process.exit(EXIT.failed);
    },
  );
  const { close } = closeWithGrace({ delay: GRACE, logger: false }, async ({ err }) => {
    if (err) logger.error({ err }, 'stopping after a fault');
    await removeDiscovery(config.configDir);
    await server.close();
  });
  stop = close;
  await writeDiscovery(config.configDir, {
    port: server.port,
    pid: process.pid,
    version: VERSION,
    startedAt: new Date().toISOString(),
    token: shutdown.token,
  });
  terminal.say(`Hairline ${VERSION} listens at ${server.url}`);
  try {
    await server.ready;
    const { spec, provider, reason } = await server.engine.status('auto');
    terminal.say(`Ready: model ${spec.name} on ${provider}${reason ? ` (${reason})` : ''}. Stop with Ctrl-C.`);
  } catch (error) {
    // It stays up: /ready tells the panel what is missing, and the model can be fetched while it runs.
    terminal.complain(`The model is not ready. ${(error as Error).message}`);
  } finally {
    progress.stop();
  }
}
