import type { Command } from 'commander';
import { type Config, type Flags, loadUserConfig } from '../../config/config.ts';
import { redact } from '../../log/redact.ts';
import type { ModelRegistry } from '../../registry/model-registry.ts';
import { openRegistry } from '../matte/connect.ts';
import { EXIT, type Terminal } from '../terminal.ts';

/** Adds `hairline doctor`. */
export function registerDoctor(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('doctor')
    .description(
      'check this computer and make a test matte; prints a report to paste into a bug report, without personal paths',
    )
    .option('-m, --model <id>', 'model to try')
    .option('--device <device>', 'auto, gpu, cpu, cuda, dml, coreml or webgpu')
    .option('--strict', 'try only the fastest provider of this system')
    .option('--recheck', 'discard earlier provider checks and run them again')
    .option('--threads <number>', 'threads of the CPU provider')
    .option('--cache-dir <folder>', 'where models are kept')
    .option('--json', 'print one JSON object instead')
    .action(async ({ json = false, ...flags }: Flags & { json?: boolean }) => {
      const config = loadUserConfig(flags);
      exit(await diagnose(config, openRegistry(config), terminal, { json }));
    });
}

/** @returns the exit code: failed when no matte could be made. */
export async function diagnose(
  config: Config,
  registry: ModelRegistry,
  terminal: Terminal,
  { json = false }: { json?: boolean } = {},
): Promise<number> {
  const print = (lines: readonly string[]) => {
    if (json) return;
    for (const line of lines) terminal.result(redact(line));
    terminal.flush();
  };
  // Loaded only now: the other commands do not need the network runtime.
  const [{ forgetVerdicts }, { describeModels, describeSystem, tryMatte }, { writeMatte, writeModels, writeSystem }] =
    await Promise.all([import('../../inference/verdict-memory.ts'), import('./report.ts'), import('./text.ts')]);
  if (config.recheck) forgetVerdicts(config.cacheDir);
  const system = await describeSystem(config);
  print(writeSystem(system));
  const models = await describeModels(registry);
  print(writeModels(models));
  const test = await tryMatte(registry, models, config);
  print(writeMatte(test));
  if (json) terminal.result(JSON.stringify(redact({ ...system, models, test }), null, 2));
  terminal.flush();
  return test.matte ? EXIT.ok : EXIT.failed;
}
