import type { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { AppError } from '../errors.ts';
import type { ModelRegistry } from '../registry/model-registry.ts';
import type { ModelSpec } from '../registry/model-spec.ts';
import { describeDownload, openRegistry, pullModel } from './connect.ts';
import { EXIT, formatBytes, interruptible, type Terminal, UsageError } from './terminal.ts';

interface CacheOption {
  cacheDir?: string;
}

interface PullOptions extends CacheOption {
  force?: boolean;
  yes?: boolean;
}

/** Adds `hairline models`, `hairline models pull` and `hairline models remove`. */
export function registerModels(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const configOf = ({ cacheDir }: CacheOption) => loadConfig({ cacheDir });
  const models = program.command('models').description('list, download and remove the models');
  models
    .command('list', { isDefault: true })
    .description('show the models, and which are downloaded')
    .option('--cache-dir <folder>', 'where models are kept')
    .action((options: CacheOption) => listModels(configOf(options), terminal));
  models
    .command('pull [id]')
    .description('download a model (the default one if none is named)')
    .option('--force', 'download again what is there already')
    .option('-y, --yes', 'do not ask')
    .option('--cache-dir <folder>', 'where models are kept')
    .action(async (id: string | undefined, options: PullOptions) => {
      exit(await interruptible((signal) => pull(id ?? 'auto', options, configOf(options), terminal, signal)));
    });
  models
    .command('remove <id>')
    .description('delete a downloaded model')
    .option('--cache-dir <folder>', 'where models are kept')
    .action((id: string, options: CacheOption) => removeModel(id, configOf(options), terminal));
}

export async function listModels(config: Config, terminal: Terminal): Promise<void> {
  const registry = openRegistry(config);
  const rows = [['ID', 'NAME', 'FOR', 'LICENCE', 'STATE', 'ON DISK', 'DOWNLOAD', '']];
  for (const spec of registry.list()) {
    const state = await stateOf(registry, spec);
    rows.push([
      spec.id,
      spec.name,
      spec.purpose,
      spec.licence.spdx,
      state,
      state === 'installed' ? formatBytes(spec.weights.bytes) : '-',
      formatBytes(spec.weights.sources[0]?.downloadBytes ?? 0),
      spec.id === config.model ? 'default' : '',
    ]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    terminal.result(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    );
  terminal.flush();
  terminal.say(`Models are kept in ${config.cacheDir}`);
}

async function stateOf(registry: ModelRegistry, spec: ModelSpec): Promise<string> {
  try {
    await registry.readWeights(spec);
    return 'installed';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code === 'WEIGHTS_MISSING' ? 'not downloaded' : 'damaged';
  }
}

export async function pull(
  id: string,
  { force = false, yes = false }: PullOptions,
  config: Config,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const registry = openRegistry(config);
  const spec = registry.resolve(id);
  if (!force && (await stateOf(registry, spec)) === 'installed') {
    terminal.say(`${spec.name} is downloaded already. Use --force to download it again.`);
    return EXIT.ok;
  }
  terminal.say(describeDownload(spec));
  terminal.say(`Licence: ${spec.licence.spdx}, ${spec.licence.url}`);
  if (!yes) {
    if (!terminal.interactive) throw new UsageError('Nobody is here to be asked: add --yes to download.');
    if (!(await terminal.confirm('Download it now?', signal))) return EXIT.failed;
  }
  await pullModel(registry, spec, terminal, signal, force);
  terminal.say(`${spec.name} is ready, in ${config.cacheDir}`);
  return EXIT.ok;
}

export async function removeModel(id: string, config: Config, terminal: Terminal): Promise<void> {
  const registry = openRegistry(config);
  const spec = registry.resolve(id);
  const removed = await registry.remove(spec);
  terminal.say(removed ? `${spec.name} is removed.` : `${spec.name} was not downloaded.`);
}
