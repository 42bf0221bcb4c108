import type { Command } from 'commander';
import { loadUserConfig } from '../../config/config.ts';
import { downloadBytesOf } from '../../registry/spec/model-spec.ts';
import { openRegistry } from '../matte/connect.ts';
import { formatBytes, interruptible, type Terminal } from '../terminal.ts';
import { addModel, pull } from './install.ts';
import { type ModelsContext, notesOn, stateOf } from './state.ts';

interface CacheOption {
  cacheDir?: string;
}

/** Adds `hairline models` with its list, pull, add, verify and remove. */
export function registerModels(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const models = program.command('models').description('list, download, check and remove the models');
  const command = (name: string, description: string) =>
    models.command(name).description(description).option('--cache-dir <folder>', 'model folder');
  const open = ({ cacheDir }: CacheOption) => {
    const config = loadUserConfig({ cacheDir });
    return { config, terminal, registry: openRegistry(config) };
  };
  models
    .command('list', { isDefault: true })
    .description('list the models and whether they are downloaded')
    .option('--cache-dir <folder>', 'model folder')
    .action((options: CacheOption) => listModels(open(options)));
  command('pull [id]', 'download a model (the default one if none is named)')
    .option('--force', 'download again even if it is installed')
    .option('-y, --yes', 'do not ask for confirmation')
    .action(async (id: string | undefined, options: CacheOption & { force?: boolean; yes?: boolean }) => {
      exit(await interruptible((signal) => pull(id ?? 'auto', options, open(options), signal)));
    });
  command('add <file>', 'install a model from a local file')
    .requiredOption('--as <id>', 'the model this file contains')
    .action((file: string, options: CacheOption & { as: string }) => addModel(file, options.as, open(options)));
  command('verify <id>', 'compare the results of an installed model with published ones')
    .option('--from <folder>', 'read the published pictures from a folder instead of downloading them')
    .option('--device <device>', 'auto, gpu, cpu, cuda, dml, coreml or webgpu')
    .action(async (id: string, options: CacheOption & { from?: string; device?: string }) => {
      const { device } = loadUserConfig({ device: options.device });
      // Loaded only now: the other commands do not need the image library.
      const { verifyModel } = await import('./verify.ts');
      exit(await interruptible((signal) => verifyModel(id, { from: options.from, device }, open(options), signal)));
    });
  command('remove <id>', 'delete a downloaded model').action((id: string, options: CacheOption) =>
    removeModel(id, open(options)),
  );
}

export async function listModels({ config, terminal, registry }: ModelsContext): Promise<void> {
  const rows = [['ID', 'NAME', 'FOR', 'LICENSE', 'STATE', 'ON DISK', 'DOWNLOAD', '']];
  const notes: string[] = [];
  for (const spec of registry.list()) {
    const { state, bytes } = await stateOf(registry, spec);
    const download = downloadBytesOf(spec);
    rows.push([
      spec.id,
      spec.name,
      spec.purpose,
      spec.license.spdx,
      state,
      bytes === null ? '-' : formatBytes(bytes),
      download === null ? '?' : formatBytes(download),
      spec.id === config.model ? 'default' : spec.unverified ? 'unverified' : '',
    ]);
    notes.push(...notesOn(spec).map((note) => `${spec.id}: ${note}`));
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const cells = row.map((cell, i) => cell.padEnd(widths[i]!));
    terminal.result(cells.join('  ').trimEnd());
  }
  terminal.flush();
  for (const note of notes) terminal.say(note);
  terminal.say(`Models are stored in ${config.cacheDir}`);
}

async function removeModel(id: string, { terminal, registry }: ModelsContext): Promise<void> {
  const spec = registry.resolve(id);
  const removed = await registry.remove(spec);
  terminal.say(removed ? `${spec.name} is removed.` : `${spec.name} was not downloaded.`);
}
