import { type Command, InvalidArgumentError, Option } from 'commander';
import { MAX_PIXELS } from '../../../protocol/limits.ts';
import {
  type Depth,
  ENHANCEMENTS,
  FOREGROUND_METHODS,
  KEPT,
  OUTPUTS,
  type Output,
  POINT_PATTERN,
  PROFILES,
  REFINEMENTS,
  REGION_PATTERN,
  SUBJECTS,
} from '../../../protocol/matte.ts';
import { FITS, type Framing } from '../../imaging/framing.ts';
import { interruptible, type Terminal, UsageError } from '../terminal.ts';
import { FORMATS } from './plan.ts';
import type { MatteOptions } from './run-matte.ts';

/** Adds `hairline matte`. */
export function registerMatte(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('matte')
    .description('make mattes of pictures: files, folders including subfolders, or URLs')
    .argument('[inputs...]', 'pictures, folders or URLs; the same as --input')
    .option('-i, --input <paths...>', 'pictures, folders or URLs')
    .option('-d, --output-dir <folder>', 'output folder', 'results')
    .addOption(
      new Option(
        '--outputs <list>',
        `outputs to write, of ${OUTPUTS.join(',')} (default: alpha,composition,foreground)`,
      )
        .argParser(parseOutputs)
        .conflicts('saveForeground'),
    )
    .option('--no-save-foreground', 'do not write the foreground')
    .addOption(
      new Option('--format <format>', 'file format; psd is one document with the matte as Layer Mask')
        .choices(FORMATS)
        .default('png'),
    )
    .option('--psd-cutout', 'add the cutout to a psd as a hidden layer')
    .addOption(
      new Option('--into <psd>', 'add the matte to Photoshop documents, as Layer Mask of one layer').choices(['psd']),
    )
    .option('--layer <name>', 'layer for --into psd (default: the lowest visible pixel layer)')
    .option('--in-place', 'with --into psd: replace the documents instead of writing name_masked.psd')
    .addOption(new Option('--depth <bits>', "bits per channel, 8 or 16 (default: the picture's)").argParser(parseDepth))
    .addOption(
      new Option('--profile <which>', "keep: colors in the picture's own RGB profile; srgb: converted")
        .choices(PROFILES)
        .default('keep'),
    )
    .addOption(new Option('--no-metadata', 'write no EXIF, IPTC and XMP').conflicts('keepLocation'))
    .option('--keep-location', 'keep the place (GPS) in the metadata')
    .option('--background <color|picture>', 'background of the composition', 'white')
    .option('--name <template>', 'names of results, with {name}, {output} and {index}; default {name}_{output}')
    .option('--trim', 'cut results to the subject')
    .addOption(
      new Option('--margin <px|%>', 'room around it, in pixels or in percent of the longer side').argParser(
        parseMargin,
      ),
    )
    .addOption(new Option('--size <WxH>', 'size of all results, in pixels').argParser(parseSize))
    .addOption(
      new Option('--fit <how>', 'with --size: contain (default), cover to fill it, or shrink to never enlarge').choices(
        FITS,
      ),
    )
    .addOption(
      new Option('--align <where>', 'with --size: center (default), top, bottom-left, …').argParser(parseAlign),
    )
    .addOption(
      new Option('--subject <subject>', 'what to look for; chooses the model unless --model is given')
        .choices(SUBJECTS)
        .default('portrait'),
    )
    .addOption(
      new Option('--refine <how>', 'fast: fewer network runs; best: more of them').choices(REFINEMENTS).default('best'),
    )
    .option('--mask <file|folder>', 'find the edge of this mask anew; a folder holds masks named like their pictures')
    .addOption(
      new Option('--region <left,top,width,height>', 'look for the subject only in this region; pixels').argParser(
        parseRegion,
      ),
    )
    .addOption(
      new Option('--subjects <which>', 'which subject to keep: all, the largest, or the one at --point').choices(KEPT),
    )
    .addOption(
      new Option('--point <x,y>', 'keep the subject at this point, or the nearest one; pixels').argParser(parsePoint),
    )
    .addOption(
      new Option('--enhance <when>', 'brighten dark and low-contrast pictures, for the network only')
        .choices(ENHANCEMENTS)
        .default('auto'),
    )
    .addOption(
      new Option('--foreground <how>', 'color estimation under soft edges; fast takes half the time')
        .choices(FOREGROUND_METHODS)
        .default('best'),
    )
    .addOption(
      new Option('--decontaminate <share>', 'how much of the old background to remove from soft edges, 0 to 1')
        .argParser(parseShare)
        .default(1),
    )
    .option('--model <id>', 'model to use; "hairline models" lists them')
    .option('--cache-dir <folder>', 'model folder')
    .option('--device <device>', 'auto, gpu, cpu, cuda, dml, …; applies if this command starts a server')
    .option('--queue <url>', 'hand pictures to the workers of a studio through this queue, redis:// or rediss://')
    .option('--queue-secret-file <file>', 'file with the secret of the studio (see "hairline cluster secret")')
    .option('--queue-password-file <file>', 'file with the password of the queue')
    .option('--manifest <file>', 'add a JSON line for each picture to this file: input, output, model, seconds, error')
    .option('--allow-damaged', 'read damaged files as far as possible')
    .option('--force', 'overwrite existing results')
    .option('-q, --quiet', 'print errors only')
    .option('--json', 'print one JSON object instead of the paths written')
    .addHelpText('after', '\nExample: hairline matte -i portraits -d results --background "#808080"')
    .action(async (inputs: string[], options: MatteOptions & { input?: string[]; quiet?: boolean }) => {
      terminal.quiet = Boolean(options.quiet);
      const given = [...inputs, ...(options.input ?? [])];
      if (given.length === 0) {
        throw new UsageError('Name a picture, a folder or a URL: hairline matte -i photo.jpg -d results');
      }
      // Loaded only now: --help and the other commands do not need the image library.
      const { runMatte } = await import('./run-matte.ts');
      exit(await interruptible((signal) => runMatte(given, options, { terminal, signal })));
    });
}

function parseOutputs(text: string): Output[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !OUTPUTS.some((output) => output === name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not one of ${OUTPUTS.join(', ')}.`);
  return OUTPUTS.filter((output) => names.includes(output));
}

function parseDepth(text: string): Depth {
  if (text === '8' || text === '16') return Number(text) as Depth;
  throw new InvalidArgumentError('It must be 8 or 16.');
}

function parseRegion(text: string): string {
  if (new RegExp(REGION_PATTERN).test(text)) return text;
  throw new InvalidArgumentError('Use whole pixels: left,top,width,height, like 100,50,800,600.');
}

function parsePoint(text: string): string {
  if (new RegExp(POINT_PATTERN).test(text)) return text;
  throw new InvalidArgumentError('Use whole pixels: x,y, like 640,360.');
}

function parseMargin(text: string): Framing['margin'] {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(px|%)?$/.exec(text.trim()) ?? [];
  const isPercent = unit === '%';
  if (number === undefined || Number(number) > (isPercent ? 100 : 10_000))
    throw new InvalidArgumentError('Use pixels, like 40, or percent, like 5%.');
  return { value: Number(number), isPercent };
}

function parseSize(text: string): { width: number; height: number } {
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/i.exec(text.trim()) ?? [];
  if (!width || !height || Number(width) * Number(height) > MAX_PIXELS)
    throw new InvalidArgumentError('Use width and height in pixels, like 800x1200.');
  return { width: Number(width), height: Number(height) };
}

/** Words in any order, joined by `-`: at most one for each direction. */
function parseAlign(text: string): Framing['align'] {
  const words = text.toLowerCase().split('-');
  const find = (start: string, end: string) => (words.includes(start) ? 0 : words.includes(end) ? 1 : 0.5);
  const rest = words.filter((word) => !['center', 'top', 'bottom', 'left', 'right'].includes(word));
  const isTwice = words.includes('top') && words.includes('bottom');
  if (rest.length > 0 || words.length > 2 || isTwice || (words.includes('left') && words.includes('right')))
    throw new InvalidArgumentError('Use center, top, bottom, left, right, or two of them, like bottom-left.');
  return { x: find('left', 'right'), y: find('top', 'bottom') };
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
