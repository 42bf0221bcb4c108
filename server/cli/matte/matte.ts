import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Depth,
  ENHANCEMENTS,
  FOREGROUND_METHODS,
  KEPT,
  OUTPUTS,
  type Output,
  POINT_PATTERN,
  REFINEMENTS,
  REGION_PATTERN,
  SUBJECTS,
} from '../../../protocol/matte.ts';
import { interruptible, type Terminal, UsageError } from '../terminal.ts';
import { FORMATS } from './plan.ts';
import type { MatteOptions } from './run-matte.ts';

/** Adds `hairline matte`. */
export function registerMatte(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('matte')
    .description('make mattes of pictures: files, folders with all folders inside, or web addresses')
    .argument('[inputs...]', 'pictures, folders or URLs; the same as --input')
    .option('-i, --input <paths...>', 'pictures, folders or URLs')
    .option('-d, --output-dir <folder>', 'where the results go', 'results')
    .addOption(
      new Option('--outputs <list>', `what to write, of ${OUTPUTS.join(',')} (default: alpha,composition,foreground)`)
        .argParser(parseOutputs)
        .conflicts('saveForeground'),
    )
    .option('--no-save-foreground', 'do not write the foreground')
    .addOption(
      new Option('--format <format>', 'file format; psd is one document with the matte as layer mask')
        .choices(FORMATS)
        .default('png'),
    )
    .option('--psd-cutout', 'add the cut-out to a psd as a hidden layer')
    .addOption(new Option('--depth <bits>', 'bits per channel, 8 or 16').argParser(parseDepth).default(8))
    .option('--background <colour|picture>', 'what the composition is laid over', 'white')
    .addOption(
      new Option('--subject <subject>', 'what to look for; without --model, this chooses the model')
        .choices(SUBJECTS)
        .default('portrait'),
    )
    .addOption(
      new Option('--refine <how>', 'fast: fewer network runs; best: more of them').choices(REFINEMENTS).default('best'),
    )
    .addOption(
      new Option('--region <left,top,width,height>', 'look for the subject only there; pixels').argParser(parseRegion),
    )
    .addOption(
      new Option(
        '--subjects <which>',
        'which of several bodies to keep: all, the largest, or the one at --point',
      ).choices(KEPT),
    )
    .addOption(new Option('--point <x,y>', 'keep the body there, or nearest to it; pixels').argParser(parsePoint))
    .addOption(
      new Option('--enhance <when>', 'lift dark and flat pictures for the network only')
        .choices(ENHANCEMENTS)
        .default('auto'),
    )
    .addOption(
      new Option('--foreground <how>', 'colours under soft edges; fast takes half the time')
        .choices(FOREGROUND_METHODS)
        .default('best'),
    )
    .addOption(
      new Option('--decontaminate <share>', 'how much of the old background to take out of them, 0 to 1')
        .argParser(parseShare)
        .default(1),
    )
    .option('--model <id>', 'model to use; "hairline models" lists them')
    .option('--cache-dir <folder>', 'where models are kept')
    .option('--device <device>', 'auto, gpu, cpu, cuda, dml, …; for a server that is started here')
    .option('--force', 'make results again that are there already')
    .option('-q, --quiet', 'say nothing but errors')
    .option('--json', 'print one JSON object instead of the paths written')
    .addHelpText('after', '\nExample: hairline matte -i portraits -d results --background "#808080"')
    .action(async (inputs: string[], options: MatteOptions & { input?: string[]; quiet?: boolean }) => {
      terminal.quiet = Boolean(options.quiet);
      const given = [...inputs, ...(options.input ?? [])];
      if (given.length === 0) {
        throw new UsageError('Name a picture, a folder or a URL: hairline matte -i photo.jpg -d results');
      }
      // Loaded only now: --help and the other commands do without the image library.
      const { runMatte } = await import('./run-matte.ts');
      exit(await interruptible((signal) => runMatte(given, options, { terminal, signal })));
    });
}

function parseOutputs(text: string): Output[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !OUTPUTS.some((output) => output === name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${OUTPUTS.join(', ')}.`);
  return OUTPUTS.filter((output) => names.includes(output));
}

function parseDepth(text: string): Depth {
  if (text === '8' || text === '16') return Number(text) as Depth;
  throw new InvalidArgumentError('It is 8 or 16.');
}

function parseRegion(text: string): string {
  if (new RegExp(REGION_PATTERN).test(text)) return text;
  throw new InvalidArgumentError('Give whole pixels: left,top,width,height, like 100,50,800,600.');
}

function parsePoint(text: string): string {
  if (new RegExp(POINT_PATTERN).test(text)) return text;
  throw new InvalidArgumentError('Give whole pixels: x,y, like 640,360.');
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('It is a number from 0 to 1.');
}
