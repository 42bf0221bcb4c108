import type { Command } from 'commander';
import { type Config, loadUserConfig } from '../config/config.ts';
import type { HttpClient } from '../http-client/http-client.ts';
import { PATIENT_MS } from '../system/discovery.ts';
import type { Installation } from '../update/installation.ts';
import { locateServer } from './matte/connection.ts';
import { openPage, openSteps } from './open.ts';
import { pullProgress } from './progress.ts';
import { startInBackground } from './serve/background.ts';
import { stopServer } from './serve/stop.ts';
import { EXIT, interruptible, type Terminal, UsageError } from './terminal.ts';

/** The steps outside this program, injectable for tests. */
export interface UpdateSteps {
  /** Null: not an app that can update itself. */
  installation: Installation | null;
  http: HttpClient;
  isRunning(): Promise<boolean>;
  /** @returns the exit code */
  stop(signal: AbortSignal): Promise<number>;
  start(): Promise<number>;
}

/** Adds `hairline update`. */
export function registerUpdate(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('update')
    .description('install the newest version, and keep the one before; or go back to that one')
    .option('--rollback', 'start the version before again')
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--open', "then show Hairline's page")
    .action(async ({ rollback = false, yes = false, open = false }: Options) => {
      const config = loadUserConfig();
      const steps = await stepsFor(config, terminal);
      const code = await interruptible((signal) =>
        rollback ? rollBack(steps, terminal, signal) : update(config, steps, { yes }, terminal, signal),
      );
      exit(code === EXIT.ok && open ? await openPage(openSteps(config, terminal), terminal) : code);
    });
}

interface Options {
  rollback?: boolean;
  yes?: boolean;
  open?: boolean;
}

async function stepsFor(config: Config, terminal: Terminal): Promise<UpdateSteps> {
  const [{ Installation }, { createHttpClient }] = await Promise.all([
    import('../update/installation.ts'),
    import('../http-client/http-client.ts'),
  ]);
  return {
    installation: Installation.find(),
    http: createHttpClient(process.env),
    isRunning: async () => (await locateServer(config, PATIENT_MS)) !== null,
    stop: (signal) => stopServer(config, terminal, signal),
    start: () => startInBackground({}, config, terminal),
  };
}

/** @returns the exit code */
export async function update(
  config: Pick<Config, 'releases'>,
  steps: UpdateSteps,
  { yes }: { yes: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { installation, http } = steps;
  const releases = config.releases || installation?.releases;
  if (!installation) return refuse(terminal, BY_HAND);
  if (!releases) return refuse(terminal, NO_PAGE);
  const [{ findUpdate, UpdateError }, { installUpdate }] = await Promise.all([
    import('../update/releases.ts'),
    import('../update/install-update.ts'),
  ]);
  const progress = pullProgress(terminal);
  try {
    const { current: version, platform } = installation;
    const found = await findUpdate({ releases, platform, version }, http, signal);
    if (!found) {
      terminal.say(`Hairline ${version} is the newest version.`);
      return EXIT.ok;
    }
    if (!yes) {
      terminal.say(`Hairline ${found.version} is available; this is ${version}.`);
      if (!terminal.interactive) throw new UsageError('Not an interactive terminal. Pass --yes to confirm the update.');
      if (!(await terminal.confirm('Install it?', signal))) return EXIT.failed;
    }
    const onBytes = (done: number, total: number | null) =>
      progress.onProgress({ phase: 'download', done, total: total ?? found.bytes });
    await installUpdate(found, installation, { http, signal, onBytes });
    progress.stop();
    return await change(found.version, installation, steps, terminal, signal);
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    return refuse(terminal, error.message);
  } finally {
    progress.stop();
  }
}

/** @returns the exit code */
export async function rollBack(steps: UpdateSteps, terminal: Terminal, signal: AbortSignal): Promise<number> {
  const { installation } = steps;
  if (!installation) return refuse(terminal, BY_HAND);
  const { previous } = installation;
  if (!previous) return refuse(terminal, 'There is no version to go back to: this app has not been updated.');
  return change(previous, installation, steps, terminal, signal);
}

/** Lets another version start from now on. One that does not start gives way to the one before. */
async function change(
  version: string,
  installation: Installation,
  { isRunning, stop, start }: UpdateSteps,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const before = installation.current;
  const runs = await isRunning();
  await installation.choose(version);
  if (runs) {
    if ((await stop(signal)) !== EXIT.ok)
      return refuse(terminal, `Hairline ${version} is installed, and starts when the server that runs has ended.`);
    if ((await start()) !== EXIT.ok) {
      await installation.giveUp(version, before);
      await start();
      return refuse(terminal, `Hairline ${version} does not start on this computer. ${before} is back.`);
    }
  }
  terminal.say(`This is Hairline ${version} now. "hairline update --rollback" goes back to ${before}.`);
  return EXIT.ok;
}

function refuse(terminal: Terminal, sentence: string): number {
  terminal.complain(sentence);
  return EXIT.failed;
}

const BY_HAND =
  'Only the apps update themselves. Update this one as it was installed: with npm, or with "git pull" and "npm ci".';
const NO_PAGE =
  'This app does not know where it was released. Set HAIRLINE_RELEASES to the address of the newest release.';
