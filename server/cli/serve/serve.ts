import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import { LOOPBACK } from '../../../protocol/limits.ts';
import { type Config, type Flags, loadUserConfig } from '../../config/config.ts';
import { PATIENT_MS, probe, readDiscovery, removeDiscovery, writeDiscovery } from '../../system/discovery.ts';
import { VERSION } from '../../system/package-root.ts';
import { placeOf } from '../autostart/autostart.ts';
import { runProgram } from '../autostart/starter.ts';
import { refreshLauncher } from '../launcher/launcher.ts';
import { pullProgress } from '../progress.ts';
import { EXIT, Terminal } from '../terminal.ts';
import { startInBackground } from './background.ts';
import { createDesk } from './desk.ts';
import { createUpdates } from './updates.ts';

/** Milliseconds that a matte in progress may take to finish after Ctrl-C or `hairline stop`. */
export const GRACE = 30_000;

/** By then, a server started at the same moment has written its discovery file. */
const ANNOUNCED_MS = 2_000;
const LOOK_MS = 100;

export function registerServe(program: Command, exit: (code: number) => void): void {
  program
    .command('serve')
    .description('start the matting server that the Photoshop panel talks to')
    .option('-p, --port <number>', 'listen on this port only (default: the first free one of 7866 to 7869)')
    .option('--host <address>', 'also listen for paired clients on this address (see "hairline pair")')
    .option('--host-names <names>', 'comma-separated host names by which other computers reach this one')
    .option('-m, --model <id>', 'default model of requests that name none')
    .option('--device <device>', 'auto, gpu, cpu, cuda, dml, coreml or webgpu')
    .option('--strict', 'fail instead of falling back from the fastest provider of this system')
    .option('--recheck', 'check the providers again instead of using earlier results')
    .option('--threads <number>', 'threads of the CPU provider (default: one per core)')
    .option('--cache-dir <folder>', 'model folder')
    .option('--config-dir <folder>', 'folder of the settings and of the file by which other commands find the server')
    .option('--log-dir <folder>', 'log folder')
    .option('--log-level <level>', 'level of messages shown here: silent, error, warn, info or debug')
    .option('--queue <url>', 'hand pictures to the workers of a studio through this queue, redis:// or rediss://')
    .option('--queue-secret-file <file>', 'file with the secret of the studio (see "hairline cluster secret")')
    .option('--queue-password-file <file>', 'file with the password of the queue')
    .option('--background', 'return once the server answers, and leave it running without a window')
    .action(async ({ background = false, ...flags }: Flags & { background?: boolean }) => {
      const terminal = new Terminal();
      if (background) exit(await startInBackground(flags, loadUserConfig(flags), terminal));
      else await serve(flags, terminal);
    });
}

async function serve(flags: Flags, terminal: Terminal): Promise<void> {
  const config = loadUserConfig(flags);
  const other = await readDiscovery(config.configDir, PATIENT_MS);
  if (other && flags.port === undefined) {
    const health = await probe(other.port);
    terminal.say(`Hairline ${health?.version ?? ''} is already running at http://127.0.0.1:${other.port}.`);
    return;
  }
  // Loaded only now: the other commands do not need the web server and the network runtime.
  const [{ createLogger }, { startServer }] = await Promise.all([
    import('../../log/logger.ts'),
    import('../../main.ts'),
  ]);
  const progress = pullProgress(terminal);
  const logger = createLogger(config, { onFailure: (sentence) => terminal.complain(sentence) });
  let stop = () => {};
  const shutdown = { token: randomBytes(32).toString('base64url'), begin: () => stop() };
  const desk = createDesk(config, placeOf(config), runProgram, createUpdates(config, process.env));
  const server = await startServer(config, { logger, onProgress: progress.onProgress, shutdown, desk }).catch(
    (error: Error) => {
      logger.error({ err: error }, 'could not start');
      terminal.complain(`Hairline could not start. ${error.message}`);
      process.exit(EXIT.failed);
    },
  );
  if (flags.port === undefined && (await isSecond(server.port, config))) {
    await server.close();
    terminal.say('Another Hairline server started at the same time; this one is exiting.');
    return;
  }
  let signal: string | undefined;
  const { close } = closeWithGrace({ delay: GRACE, logger: false }, async (event) => {
    signal ??= event.signal;
    if (event.err) logger.error({ err: event.err }, 'stopping after a fault');
    else logger.info({ ...(signal && { signal }) }, 'stopping');
    // If the folder is no longer writable, readers of the file can still tell that this process has ended.
    await removeDiscovery(config.configDir).catch(() => undefined);
    await server.close();
    logger.info('stopped');
  });
  stop = close;
  // The terminal was closed: messages can no longer be shown, but pictures in progress are still finished.
  process.once('SIGHUP', () => {
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    signal = 'SIGHUP';
    close();
  });
  await announce(config, { port: server.port, token: shutdown.token }, terminal);
  await refreshLauncher(config, terminal);
  logger.info({ version: VERSION, port: server.port, host: config.host }, 'listening');
  terminal.say(`Hairline ${VERSION} is listening at ${server.url}`);
  terminal.say(`Try it in a browser: ${server.url}/`);
  if (config.host !== LOOPBACK) terminal.say(`Paired clients reach it at ${config.host}, port ${server.port}.`);
  try {
    await server.ready;
    const { spec, provider, reason } = await server.engine.status('auto');
    logger.info({ model: spec.id, provider }, 'ready');
    terminal.say(`Ready: model ${spec.name} on ${provider}${reason ? ` (${reason})` : ''}. Stop with Ctrl-C.`);
  } catch (error) {
    // The server stays up: /ready tells the panel what is missing, and the model can be downloaded while it runs.
    logger.warn({ err: error }, 'the model is not ready');
    terminal.complain(`The model is not ready. ${(error as Error).message}`);
  } finally {
    progress.stop();
  }
}

/**
 * Whether the same user started another server at the same moment, so that neither saw the other: that one then has a
 * lower port of ours and a discovery file. A server of another user, or another program, does not.
 */
export async function isSecond(port: number, { ports, configDir }: Config): Promise<boolean> {
  const before = ports.slice(0, ports.indexOf(port));
  const found = await Promise.all(before.map((earlier) => probe(earlier)));
  if (found.every((health) => health === null)) return false;
  for (let waited = 0; waited < ANNOUNCED_MS; waited += LOOK_MS) {
    const other = await readDiscovery(configDir);
    if (other && before.includes(other.port)) return true;
    await delay(LOOK_MS);
  }
  return false;
}

/** Without the file the panel still finds the server by its port; `hairline stop` does not. */
async function announce(
  { configDir }: Config,
  { port, token }: { port: number; token: string },
  terminal: Terminal,
): Promise<void> {
  const startedAt = new Date().toISOString();
  try {
    await writeDiscovery(configDir, { port, pid: process.pid, version: VERSION, startedAt, token });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    terminal.complain(`Cannot write to ${configDir} (${code}): "hairline stop" will not work, Ctrl-C will.`);
  }
}
