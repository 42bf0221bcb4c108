import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Depth,
  ENHANCEMENTS,
  FITS,
  FOREGROUND_METHODS,
  KEPT,
  PATH_TOLERANCE,
  POINT_PATTERN,
  PROFILES,
  REFINEMENTS,
  REGION_PATTERN,
  SUBJECTS,
} from '../../../protocol/matte.ts';
import type { Framing } from '../../imaging/framing.ts';
import { parseAlign, parseMargin, parseSize } from '../../imaging/parse-framing.ts';
import { interruptible, type Terminal, UsageError } from '../terminal.ts';
import type { MatteOptions } from './options.ts';
import { FILE_OUTPUTS, type FileOutput, FORMATS } from './plan.ts';

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
        `outputs to write, of ${FILE_OUTPUTS.join(',')} (default: alpha,composition,foreground)`,
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
    .option('--clipping-path', 'add the outline as clipping path, to a psd and to color tiffs')
    .addOption(
      new Option(
        '--path-tolerance <px>',
        'how far that path may be from the outline, in pixels (default: 1)',
      ).argParser(parseTolerance),
    )
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
    .option('--no-provenance', 'do not say in results how they were made')
    .option('--keep-location', 'keep the place (GPS) in the metadata')
    .option('--background <color|picture>', 'background of the composition', 'white')
    .option('--name <template>', 'names of results, with {name}, {output} and {index}; default {name}_{output}')
    .option('--trim', 'cut results to the subject')
    .addOption(
      new Option('--margin <px|%>', 'room around it, in pixels or in percent of the longer side').argParser(readMargin),
    )
    .addOption(new Option('--size <WxH>', 'size of all results, in pixels').argParser(readSize))
    .addOption(
      new Option('--fit <how>', 'with --size: contain (default), cover to fill it, or shrink to never enlarge').choices(
        FITS,
      ),
    )
    .addOption(new Option('--align <where>', 'with --size: center (default), top, bottom-left, …').argParser(readAlign))
    .option('--shadow', 'lay a soft shadow on the ground under cutouts and compositions')
    .addOption(new Option('--shadow-opacity <share>', 'how dark it is, 0 to 1 (default: 0.5)').argParser(parseShare))
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
    .option('--allow-damaged', 'read damaged files as far as possible')
    .option(
      '--watch <folder>',
      'take pictures from this folder as they come, until Ctrl-C; then they go to its done or failed',
    )
    .option('--force', 'overwrite existing results')
    .option('--redo-older', 'make results of other models and earlier versions again, unless they were changed since')
    .option('-q, --quiet', 'print errors only')
    .option('--json', 'print one JSON object instead of the paths written')
    .addHelpText('after', '\nExample: hairline matte -i portraits -d results --background "#808080"')
    .action(async (inputs: string[], options: MatteOptions & { input?: string[]; quiet?: boolean }) => {
      terminal.quiet = Boolean(options.quiet);
      const given = [...inputs, ...(options.input ?? [])];
      if (options.watch !== undefined) {
        if (given.length > 0) throw new UsageError('--watch takes its pictures from the folder: name no others.');
        const { runWatch } = await import('./watch/run-watch.ts');
        return exit(await interruptible((signal) => runWatch(options, { terminal, signal })));
      }
      if (given.length === 0) {
        throw new UsageError('Name a picture, a folder or a URL: hairline matte -i photo.jpg -d results');
      }
      // Loaded only now: --help and the other commands do not need the image library.
      const { runMatte } = await import('./run-matte.ts');
      exit(await interruptible((signal) => runMatte(given, options, { terminal, signal })));
    });
}

function parseOutputs(text: string): FileOutput[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !FILE_OUTPUTS.some((output) => output === name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not one of ${FILE_OUTPUTS.join(', ')}.`);
  return FILE_OUTPUTS.filter((output) => names.includes(output));
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

function readMargin(text: string): Framing['margin'] {
  const margin = parseMargin(text.trim());
  if (margin) return margin;
  throw new InvalidArgumentError('Use pixels, like 40, or percent, like 5%.');
}

function readSize(text: string): NonNullable<Framing['size']> {
  const size = parseSize(text.trim());
  if (size) return size;
  throw new InvalidArgumentError('Use width and height in pixels, like 800x1200.');
}

function readAlign(text: string): Framing['align'] {
  const align = parseAlign(text.trim().toLowerCase());
  if (align) return align;
  throw new InvalidArgumentError('Use center, top, bottom, left, right, or two of them, like bottom-left.');
}

function parseTolerance(text: string): number {
  const { minimum, maximum } = PATH_TOLERANCE;
  const pixels = Number(text);
  if (text.trim() !== '' && pixels >= minimum && pixels <= maximum) return pixels;
  throw new InvalidArgumentError(`It must be a number from ${minimum} to ${maximum}.`);
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
