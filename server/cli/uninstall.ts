import { readFileSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { type Config, loadUserConfig } from '../config/config.ts';
import { SETTINGS } from '../config/settings.ts';
import { builtInModelsDir, loadModelSpecs } from '../registry/spec/spec-loader.ts';
import { Installation } from '../update/installation.ts';
import { autostart, placeOf } from './autostart/autostart.ts';
import { runProgram } from './autostart/starter.ts';
import { launcherFile, removeLauncher } from './launcher/launcher.ts';
import { stopServer } from './serve/stop.ts';
import { EXIT, interruptible, type Terminal, UsageError } from './terminal.ts';

/** Files that Hairline writes into its folders. Other files stay, and so does a folder that contains any. */
const OF_CONFIG = /^((server|clients|config)\.json(\.\d+)?|autostart\.xml)$/;
const OF_LOG = /^(hairline(\.\d)?|update)\.log$/;

/** The steps outside the folders, injectable for tests. */
export interface UninstallSteps {
  stop(signal: AbortSignal): Promise<number>;
  autostartOff(): Promise<number>;
  /** Of an app that has updated itself. */
  removeVersions(): Promise<void>;
  home: string;
  platform: NodeJS.Platform;
}

/** Adds `hairline uninstall`. */
export function registerUninstall(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('uninstall')
    .description('stop the server and remove autostart, launcher, log and settings of this user')
    .option('--models', 'remove the downloaded models too')
    .option('-y, --yes', 'do not ask for confirmation')
    .action(async ({ yes = false, models = false }: { yes?: boolean; models?: boolean }) => {
      const config = loadUserConfig();
      const steps: UninstallSteps = {
        stop: (signal) => stopServer(config, terminal, signal),
        autostartOff: () => autostart('off', placeOf(config), terminal, runProgram),
        // On Windows they run this very program: there the uninstaller removes them afterwards.
        removeVersions: async () => (process.platform === 'win32' ? undefined : Installation.find()?.removeVersions()),
        home: os.homedir(),
        platform: process.platform,
      };
      exit(await interruptible((signal) => uninstall(config, steps, { yes, models }, terminal, signal)));
    });
}

/** @returns the exit code: failed when something could not be removed, or the answer was no */
export async function uninstall(
  { configDir, logDir, cacheDir }: Pick<Config, 'configDir' | 'logDir' | 'cacheDir'>,
  steps: UninstallSteps,
  { yes, models = false }: { yes: boolean; models?: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  terminal.say(
    `This stops the server and removes autostart, ${launcherFile(steps)}, and what Hairline wrote to ${logDir} and ${configDir}: log, settings and paired clients.${models ? ` It also removes the models in ${cacheDir}.` : ''}`,
  );
  if (!yes) {
    if (!terminal.interactive) throw new UsageError('Not an interactive terminal. Pass --yes to confirm the removal.');
    if (!(await terminal.confirm('Remove it?', signal))) return EXIT.failed;
  }
  const codes = [await steps.stop(signal), await steps.autostartOff()];
  // Output of a server started by launchd.
  const agentLog = path.join(steps.home, 'Library', 'Logs', 'hairline.log');
  const failed = await attempt([
    [launcherFile(steps), () => removeLauncher(steps)],
    [agentLog, () => rm(agentLog, { force: true })],
    [logDir, () => empty(logDir, (name) => OF_LOG.test(name))],
    [configDir, () => empty(configDir, (name) => OF_CONFIG.test(name) && !isForeign(path.join(configDir, name)))],
    ['the versions that updates brought', () => steps.removeVersions()],
    ...(models ? [[cacheDir, () => emptyCache(cacheDir)] as const] : []),
  ]);
  // On Windows these folders are by default inside folders named after Hairline, which are now empty.
  for (const parent of new Set([logDir, configDir, cacheDir].map((folder) => path.dirname(folder))))
    if (path.basename(parent) === 'hairline') await rmdir(parent).catch(() => undefined);
  for (const sentence of failed) terminal.complain(sentence);
  if (!models) terminal.say(`Kept: the models in ${cacheDir}. "hairline uninstall --models" removes them too.`);
  return failed.length > 0 || codes.some((code) => code !== EXIT.ok) ? EXIT.failed : EXIT.ok;
}

/** Keys that identify a file written or read by Hairline, by the beginning of the file name. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  server: ['startedAt'],
  clients: ['clients'],
  config: Object.entries(SETTINGS).map(([key, { name = key }]: [string, { name?: string }]) => name),
};

/**
 * Whether a file with a common name belongs to another program, as when the settings folder is also the folder of
 * another program. Files that are not valid JSON are kept too.
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

/** Continues past failures. @returns one sentence per failure */
async function attempt(works: readonly (readonly [what: string, work: () => Promise<unknown>])[]): Promise<string[]> {
  const failed: string[] = [];
  for (const [what, work] of works) {
    try {
      await work();
    } catch (error) {
      failed.push(`Cannot remove ${what} (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return failed;
}

/** The models that Hairline knows, each in its own folder, and what it remembers about this computer's providers. */
async function emptyCache(cacheDir: string): Promise<void> {
  const folder = path.join(cacheDir, 'models');
  for (const { id } of loadModelSpecs([builtInModelsDir]))
    await rm(path.join(folder, id), { recursive: true, force: true });
  await rmdir(folder).catch(() => undefined);
  await empty(cacheDir, (name) => name === 'providers.json');
}

async function empty(folder: string, isOurs: (name: string) => boolean): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names.filter(isOurs)) await rm(path.join(folder, name), { force: true });
  await rmdir(folder).catch(() => undefined);
}
