import { readFileSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { type Config, loadUserConfig } from '../config/config.ts';
import { SETTINGS } from '../config/settings.ts';
import { autostart, placeOf } from './autostart/autostart.ts';
import { runProgram } from './autostart/starter.ts';
import { launcherFile, removeLauncher } from './launcher/launcher.ts';
import { stopServer } from './serve/stop.ts';
import { EXIT, interruptible, type Terminal, UsageError } from './terminal.ts';

/** What Hairline writes into its folders. What somebody else keeps there stays, and so does a folder that holds it. */
const OF_CONFIG = /^((server|clients|config)\.json(\.\d+)?|autostart\.xml)$/;
const OF_LOG = /^hairline(\.\d)?\.log$/;

/** The steps that reach beyond the folders, so that tests can do without. */
export interface UninstallSteps {
  stop(signal: AbortSignal): Promise<number>;
  autostartOff(): Promise<number>;
  home: string;
  platform: NodeJS.Platform;
}

/** Adds `hairline uninstall`. */
export function registerUninstall(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('uninstall')
    .description('end the server and remove autostart, launcher, log and settings of this user; models stay')
    .option('-y, --yes', 'do not ask')
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const config = loadUserConfig();
      const steps: UninstallSteps = {
        stop: (signal) => stopServer(config, terminal, signal),
        autostartOff: () => autostart('off', placeOf(config), terminal, runProgram),
        home: os.homedir(),
        platform: process.platform,
      };
      exit(await interruptible((signal) => uninstall(config, steps, { yes }, terminal, signal)));
    });
}

/** @returns the exit code: failed when something could not be removed, or the answer was no */
export async function uninstall(
  { configDir, logDir, cacheDir }: Pick<Config, 'configDir' | 'logDir' | 'cacheDir'>,
  steps: UninstallSteps,
  { yes }: { yes: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  terminal.say(
    `This ends the server and removes autostart, ${launcherFile(steps)}, and what Hairline wrote to ${logDir} and ${configDir}: log, settings and paired clients.`,
  );
  if (!yes) {
    if (!terminal.interactive) throw new UsageError('Nobody is here to be asked: add --yes to remove all that.');
    if (!(await terminal.confirm('Remove it?', signal))) return EXIT.failed;
  }
  const codes = [await steps.stop(signal), await steps.autostartOff()];
  // What launchd has written down of a server that it started.
  const agentLog = path.join(steps.home, 'Library', 'Logs', 'hairline.log');
  const failed = await attempt([
    [launcherFile(steps), () => removeLauncher(steps)],
    [agentLog, () => rm(agentLog, { force: true })],
    [logDir, () => empty(logDir, (name) => OF_LOG.test(name))],
    [configDir, () => empty(configDir, (name) => OF_CONFIG.test(name) && !isForeign(path.join(configDir, name)))],
  ]);
  for (const sentence of failed) terminal.complain(sentence);
  terminal.say(`Left: the models in ${cacheDir}. Delete that folder to remove them, and Hairline's own to be done.`);
  return failed.length > 0 || codes.some((code) => code !== EXIT.ok) ? EXIT.failed : EXIT.ok;
}

/** Words of which every file that Hairline wrote or would read has one, by the beginning of its name. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  server: ['startedAt'],
  clients: ['clients'],
  config: Object.entries(SETTINGS).map(([key, { name = key }]: [string, { name?: string }]) => name),
};

/**
 * Whether a file of a common name is somebody else's, as where the settings folder was set to one of another program. What
 * cannot be read as JSON is left too.
 */
function isForeign(file: string): boolean {
  const words = OURS[path.basename(file).split('.', 1)[0]!];
  if (!words) return false;
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
    return !Object.keys(json ?? {}).some((key) => words.includes(key));
  } catch {
    return true;
  }
}

/** Does what can be done. @returns a sentence for each that cannot */
async function attempt(works: readonly [what: string, work: () => Promise<unknown>][]): Promise<string[]> {
  const failed: string[] = [];
  for (const [what, work] of works) {
    try {
      await work();
    } catch (error) {
      failed.push(`${what} cannot be removed (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return failed;
}

async function empty(folder: string, isOurs: (name: string) => boolean): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names.filter(isOurs)) await rm(path.join(folder, name), { force: true });
  await rmdir(folder).catch(() => undefined);
}
