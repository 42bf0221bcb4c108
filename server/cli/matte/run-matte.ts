import path from 'node:path';
import {
  type Depth,
  type Enhance,
  type ForegroundMethod,
  type Kept,
  type MetadataChoice,
  OUTPUTS,
  type Output,
  type ProfileChoice,
  type Refine,
  type Subject,
} from '../../../protocol/matte.ts';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { AppError } from '../../errors.ts';
import { parseColor } from '../../imaging/color.ts';
import { sniffType } from '../../imaging/formats.ts';
import type { Framing } from '../../imaging/framing.ts';
import { EXIT, type Terminal, UsageError } from '../terminal.ts';
import { type Failure, runBatch } from './batch.ts';
import { type Connect, connect as connectToServer, openRegistry } from './connect.ts';
import type { Backdrop } from './finisher.ts';
import { expandInputs } from './inputs.ts';
import { Manifest } from './manifest.ts';
import { openMasks } from './masks.ts';
import { checkTemplate, type Format, findOverwritten, type Job, planJobs } from './plan.ts';
import { readSource, SourceError } from './source.ts';

interface Size {
  width: number;
  height: number;
}

export interface MatteOptions {
  outputDir: string;
  /** Absent: alpha, composition and foreground. */
  outputs?: Output[];
  saveForeground: boolean;
  format: Format;
  /** Absent: the picture's. */
  depth?: Depth;
  profile: ProfileChoice;
  /** False: results have none. */
  metadata: boolean;
  /** Keeps GPS. */
  keepLocation?: boolean;
  /** Adds the cutout to documents, as a hidden layer. */
  psdCutout?: boolean;
  /** Documents get a mask on a layer instead of new pictures. */
  into?: 'psd';
  /** Name of that layer. */
  layer?: string;
  /** Replaces the documents themselves. */
  inPlace?: boolean;
  /** A color, or the path or URL of a picture. */
  background: string;
  /** Template for the names of results. */
  name?: string;
  /** Cuts results to the subject. */
  trim?: boolean;
  margin?: Framing['margin'];
  size?: Size;
  fit?: Framing['fit'];
  align?: Framing['align'];
  subject: Subject;
  refine: Refine;
  /** `left,top,width,height` and `x,y`, already validated. */
  region?: string;
  subjects?: Kept;
  point?: string;
  /** A mask whose edge is found anew, or a folder of such. */
  mask?: string;
  enhance: Enhance;
  /** How colors under soft edges are estimated. */
  foreground: ForegroundMethod;
  /** 0..1 */
  decontaminate: number;
  model?: string;
  cacheDir?: string;
  device?: string;
  /** Hands the pictures to the workers of a studio. */
  queue?: string;
  queueSecretFile?: string;
  queuePasswordFile?: string;
  /** File to which a line is added for each picture. */
  manifest?: string;
  force?: boolean;
  /** Takes what can be read of damaged files. */
  allowDamaged?: boolean;
  json?: boolean;
}

export interface MatteContext {
  terminal: Terminal;
  signal: AbortSignal;
  connect?: Connect;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/**
 * `hairline matte`: plans, connects only if there is work to do, runs it, and prints a summary.
 * @returns the exit code
 * @throws {UsageError} before anything is touched; {AppError} when no server or model is available
 */
export async function runMatte(
  given: readonly string[],
  options: MatteOptions,
  context: MatteContext,
): Promise<number> {
  const { terminal, signal, connect = connectToServer, env = process.env, cwd = process.cwd() } = context;
  checkInto(options);
  const outputs = chooseOutputs(options);
  const settings = chooseSettings(options);
  const framing = chooseFraming(options);
  const { depth, format, subject } = options;
  const { cacheDir, device, queue, queueSecretFile, queuePasswordFile } = options;
  const flags = { cacheDir, model: options.model, device, queue, queueSecretFile, queuePasswordFile };
  const config = loadUserConfig(flags, env);
  checkModel(config);
  const backdrop = await readBackdropOption(options.background, cwd, signal);

  const outputDir = path.resolve(cwd, options.outputDir);
  const { inputs, problems } = await expandInputs(given, outputDir, cwd);
  const readMask = options.mask ? await openMasks(path.resolve(cwd, options.mask), inputs) : undefined;
  checkName(options.name, inputs.length, format === 'psd' || options.into ? 1 : outputs.length, given, outputDir, cwd);
  const into = options.into && (options.inPlace ? 'same' : 'new');
  const jobs = planJobs(inputs, { outputDir, outputs, format, into, template: options.name });
  const overwritten = into === 'same' ? null : findOverwritten(jobs);
  if (overwritten)
    throw new UsageError(`A result would replace the picture ${overwritten}. Choose another --output-dir.`);
  const open = options.force ? jobs : jobs.filter((job) => !job.done);
  const manifest = options.manifest ? await Manifest.open(path.resolve(cwd, options.manifest)) : undefined;
  if (manifest && !options.force) await noteSkipped(manifest, jobs);
  const written: string[] = [];
  const empty: string[] = [];
  const previews: string[] = [];
  const failures: Failure[] = [...problems];
  let done = 0;
  if (open.length > 0) {
    const model = options.model ?? (env.HAIRLINE_MODEL || 'auto');
    const connection = await connect({ model, subject, refine: options.refine }, config, terminal, signal);
    try {
      const onWritten = (file: string) => {
        if (options.json) written.push(file);
        else terminal.result(file);
      };
      const psdCutout = Boolean(options.psdCutout);
      const { foreground: method, decontaminate } = options;
      const metadata = chooseMetadata(options);
      const finish = {
        format,
        depth,
        profile: options.profile,
        metadata,
        backdrop,
        framing,
        psdCutout,
        method,
        decontaminate,
      };
      const work = {
        ...finish,
        model,
        subject,
        settings,
        layer: options.layer,
        readMask,
        manifest,
        onWritten,
        onEmpty: (location: string) => empty.push(location),
        onPreview: (location: string) => previews.push(location),
      };
      const failed = await runBatch(open, connection, work, terminal, signal);
      done = open.length - failed.length;
      failures.push(...failed);
    } finally {
      await connection.close();
    }
  }

  const skipped = jobs.length - open.length;
  if (options.json) terminal.result(JSON.stringify({ written, skipped, empty, previews, failed: failures }));
  terminal.flush();
  report({ done, skipped, failures, empty, previews, outputDir, interrupted: signal.aborted }, terminal);
  if (signal.aborted) return EXIT.interrupted;
  return failures.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Pictures whose results are there, from a run that ended before it could say so, or had no manifest. */
async function noteSkipped(manifest: Manifest, jobs: readonly Job[]): Promise<void> {
  for (const { input, files, done } of jobs) {
    if (!done || manifest.has(input.location)) continue;
    const output = files.map((file) => file.path);
    await manifest.add({ input: input.location, output, model: null, seconds: null, error: null });
  }
}

function chooseOutputs({ outputs, saveForeground, format, psdCutout }: MatteOptions): readonly Output[] {
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

function checkName(
  name: string | undefined,
  pictures: number,
  outputs: number,
  given: readonly string[],
  outputDir: string,
  cwd: string,
): void {
  const fault = name === undefined ? null : checkTemplate(name, pictures, outputs);
  if (fault) throw new UsageError(`--name "${name}": ${fault}.`);
  // Results are known among pictures by the ends of their names.
  const isAmong = given.some((entry) => path.resolve(cwd, entry) === outputDir);
  if (isAmong && name !== undefined && !name.endsWith('_{output}'))
    throw new UsageError(
      '--name: in a folder of pictures, names of results must end with _{output}. Choose another --output-dir.',
    );
}

function chooseFraming({ format, into, trim, margin, size, fit, align }: MatteOptions): Framing | null {
  if (!trim && !margin && !size && !fit && !align) return null;
  if (format === 'psd' || into)
    throw new UsageError('A psd keeps the whole picture; --trim, --margin, --size, --fit and --align do not apply.');
  if (!size && (fit || align)) throw new UsageError('--fit and --align require --size.');
  const edge = margin ?? { value: 0, isPercent: false };
  const pixels = size && (edge.isPercent ? (edge.value / 100) * Math.max(size.width, size.height) : edge.value);
  if (size && 2 * Math.round(pixels!) >= Math.min(size.width, size.height))
    throw new UsageError('--margin leaves no room in --size.');
  return {
    trim: Boolean(trim),
    margin: edge,
    size: size ?? null,
    fit: fit ?? 'contain',
    align: align ?? { x: 0.5, y: 0.5 },
  };
}

function chooseMetadata({ metadata, keepLocation }: MatteOptions): MetadataChoice {
  if (!metadata) return 'none';
  return keepLocation ? 'all' : 'keep';
}

function checkInto({ into, layer, inPlace, mask, outputs, saveForeground, format, psdCutout }: MatteOptions): void {
  if (!into && (layer !== undefined || inPlace)) throw new UsageError('--layer and --in-place require --into psd.');
  if (into && (outputs || !saveForeground || psdCutout || format !== 'png' || mask))
    throw new UsageError(
      '--into psd writes documents with a mask; it does not go with other outputs or formats, nor with --mask.',
    );
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

interface Summary {
  done: number;
  skipped: number;
  failures: readonly Failure[];
  /** Where no subject was found. */
  empty: readonly string[];
  /** Raw files of which the preview was used. */
  previews: readonly string[];
  outputDir: string;
  interrupted: boolean;
}

function report(
  { done, skipped, failures, empty, previews, outputDir, interrupted }: Summary,
  terminal: Terminal,
): void {
  for (const { location, message, hint } of failures) terminal.complain(`${location}\n  ${message} ${hint}`);
  for (const location of empty) terminal.say(`${location}\n  No subject was found; its matte is empty.`);
  if (previews.length > 0) {
    const what = previews.length === 1 ? 'is a camera raw file' : 'are camera raw files';
    terminal.say(`${count(previews.length, 'picture')} ${what}: the embedded JPEG preview was used.`);
  }
  if (interrupted) {
    terminal.complain('Stopped. Run the command again to continue; finished pictures are skipped.');
    return;
  }
  const failed = failures.length > 0 ? `, ${failures.length} failed` : '';
  if (done + failures.length > 0) terminal.say(`${count(done, 'picture')} done${failed}, in ${outputDir}`);
  if (skipped > 0) terminal.say(`${count(skipped, 'picture')} skipped: results exist. Use --force to make them again.`);
  if (done + failures.length + skipped === 0) {
    terminal.complain('No pictures found there (JPEG, PNG, WebP, TIFF, PSD, AVIF, HEIC, GIF, BMP, camera raw).');
  }
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
