import path from 'node:path';
import { type MetadataChoice, OUTPUTS, PATH_TOLERANCE } from '../../../protocol/matte.ts';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { AppError } from '../../errors.ts';
import { parseColor } from '../../imaging/color.ts';
import { sniffType } from '../../imaging/formats.ts';
import type { Framing } from '../../imaging/framing.ts';
import { hasRoom } from '../../imaging/parse-framing.ts';
import { VERSION } from '../../system/package-root.ts';
import { UsageError } from '../terminal.ts';
import type { PictureWork } from './batch.ts';
import { openRegistry, type Wanted } from './connect.ts';
import type { Backdrop } from './finisher.ts';
import type { MatteOptions } from './options.ts';
import { checkTemplate, type FileOutput, type PlanOptions } from './plan.ts';
import { readSource, SourceError } from './source.ts';

const SHADOW_OPACITY = 0.5;

/** What the options ask for, checked. */
export interface ChosenWork {
  config: Config;
  wanted: Wanted;
  /** Names of results. */
  plan: PlanOptions;
  /** What is done with each picture. */
  work: PictureWork;
}

export interface Place {
  cwd: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** @throws {UsageError} when the options do not go together, or name what does not exist */
export async function chooseWork(options: MatteOptions, { cwd, env, signal }: Place): Promise<ChosenWork> {
  checkInto(options);
  checkRedo(options);
  const outputs = chooseOutputs(options);
  const settings = chooseSettings(options);
  const framing = chooseFraming(options);
  const pathTolerance = choosePath(options, outputs);
  const { depth, format, subject, refine, profile, decontaminate } = options;
  const config = loadUserConfig({ cacheDir: options.cacheDir, model: options.model, device: options.device }, env);
  checkModel(config);
  const model = options.model ?? (env.HAIRLINE_MODEL || 'auto');
  const into = options.into && (options.inPlace ? 'same' : 'new');
  return {
    config,
    wanted: { model, subject, refine },
    plan: { outputDir: path.resolve(cwd, options.outputDir), outputs, format, into, template: options.name },
    work: {
      format,
      depth,
      profile,
      metadata: chooseMetadata(options),
      backdrop: await readBackdropOption(options.background, cwd, signal),
      framing,
      psdCutout: Boolean(options.psdCutout),
      method: options.foreground,
      decontaminate,
      pathTolerance,
      shadow: chooseShadow(options, outputs),
      provenance: options.metadata && options.provenance ? { version: VERSION, settings: describe(settings) } : null,
      model,
      subject,
      settings,
      layer: options.layer,
    },
  };
}

/**
 * @param pictures how many there are
 * @param given what was named on the command line
 * @throws {UsageError} when the names of results would not be different ones
 */
export function checkName({ plan }: ChosenWork, pictures: number, given: readonly string[], cwd: string): void {
  const { template, outputs, outputDir, format, into } = plan;
  if (template === undefined) return;
  const fault = checkTemplate(template, pictures, format === 'psd' || into ? 1 : outputs.length);
  if (fault) throw new UsageError(`--name "${template}": ${fault}.`);
  // Results are known among pictures by the ends of their names.
  const isAmong = given.some((entry) => path.resolve(cwd, entry) === outputDir);
  if (isAmong && !template.endsWith('_{output}'))
    throw new UsageError(
      '--name: in a folder of pictures, names of results must end with _{output}. Choose another --output-dir.',
    );
}

function chooseOutputs({ outputs, saveForeground, format, psdCutout }: MatteOptions): readonly FileOutput[] {
  if (format === 'psd' && (outputs || !saveForeground)) {
    throw new UsageError(
      '--format psd writes one document per picture; --outputs and --no-save-foreground do not apply.',
    );
  }
  if (format !== 'psd' && psdCutout) throw new UsageError('--psd-cutout only applies to --format psd.');
  return (
    outputs ?? OUTPUTS.filter((o) => o === 'alpha' || o === 'composition' || (o === 'foreground' && saveForeground))
  );
}

function chooseFraming({ format, into, trim, margin, size, fit, align }: MatteOptions): Framing | null {
  if (!trim && !margin && !size && !fit && !align) return null;
  if (format === 'psd' || into)
    throw new UsageError('A psd keeps the whole picture; --trim, --margin, --size, --fit and --align do not apply.');
  if (!size && (fit || align)) throw new UsageError('--fit and --align require --size.');
  const framing: Framing = {
    trim: Boolean(trim),
    margin: margin ?? { value: 0, isPercent: false },
    size: size ?? null,
    fit: fit ?? 'contain',
    align: align ?? { x: 0.5, y: 0.5 },
  };
  if (!hasRoom(framing)) throw new UsageError('--margin leaves no room in --size.');
  return framing;
}

/** @returns the tolerance, or null where no path is wanted */
function choosePath(
  { clippingPath, pathTolerance, format, into }: MatteOptions,
  outputs: readonly FileOutput[],
): number | null {
  if (!clippingPath) {
    if (pathTolerance !== undefined) throw new UsageError('--path-tolerance requires --clipping-path.');
    return null;
  }
  const hasColors = outputs.some((output) => output !== 'alpha');
  if (!into && format !== 'psd' && !(format === 'tiff' && hasColors))
    throw new UsageError('--clipping-path requires --format psd, or --format tiff with an output in color.');
  return pathTolerance ?? PATH_TOLERANCE.default;
}

/** @returns its opacity; 0: none */
function chooseShadow({ shadow, shadowOpacity, format, into }: MatteOptions, outputs: readonly FileOutput[]): number {
  if (!shadow) {
    if (shadowOpacity !== undefined) throw new UsageError('--shadow-opacity requires --shadow.');
    return 0;
  }
  if (into || format === 'psd' || !outputs.some((output) => output === 'cutout' || output === 'composition'))
    throw new UsageError('--shadow requires the output cutout or composition.');
  return shadowOpacity ?? SHADOW_OPACITY;
}

function chooseMetadata({ metadata, keepLocation }: MatteOptions): MetadataChoice {
  if (!metadata) return 'none';
  return keepLocation ? 'all' : 'keep';
}

function checkInto({ into, layer, inPlace, outputs, saveForeground, format, psdCutout }: MatteOptions): void {
  if (!into && (layer !== undefined || inPlace)) throw new UsageError('--layer and --in-place require --into psd.');
  if (into && (outputs || !saveForeground || psdCutout || format !== 'png'))
    throw new UsageError('--into psd writes documents with a mask; it does not go with other outputs or formats.');
}

function checkRedo({ redoOlder, force, into, watch }: MatteOptions): void {
  if (redoOlder && (force || into || watch !== undefined))
    throw new UsageError('--redo-older looks at the results that are there; --force, --into and --watch do not apply.');
}

/** Parameters passed to the server unchanged. */
function chooseSettings({ refine, region, point, enhance, ...options }: MatteOptions): Record<string, string> {
  const subjects = options.subjects ?? (point ? 'point' : 'all');
  if ((subjects === 'point') !== Boolean(point)) {
    throw new UsageError('--subjects point requires --point x,y, and --point requires --subjects point.');
  }
  if (options.mask && (region || subjects !== 'all'))
    throw new UsageError('--mask says what the subject is: --region, --subjects and --point do not apply.');
  const damaged = options.allowDamaged && { 'allow-damaged': 'true' };
  return { refine, subjects, enhance, ...damaged, ...(region && { region }), ...(point && { point }) };
}

function describe(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

/** Reports a wrong name now rather than after the server has started. */
function checkModel(config: Config): void {
  try {
    openRegistry(config);
  } catch (error) {
    throw error instanceof AppError ? new UsageError(error.message) : error;
  }
}

async function readBackdropOption(text: string, cwd: string, signal: AbortSignal): Promise<Backdrop> {
  try {
    return parseColor(text);
  } catch {
    // Not a color, so it must be a picture.
  }
  const location = /^https?:/i.test(text) ? text : path.resolve(cwd, text);
  const bytes = await readSource(location, signal).catch((error: unknown) => {
    if (error instanceof SourceError || error instanceof AppError) {
      throw new UsageError(`--background: "${text}" is neither a color nor a picture. ${error.message}`);
    }
    throw error;
  });
  if (!sniffType(bytes)) throw new UsageError(`--background: Hairline cannot read "${text}" as a picture.`);
  return bytes;
}
