import path from 'node:path';
import PQueue from 'p-queue';
import type { Subject } from '../../../protocol/matte.ts';
import { AppError } from '../../errors.ts';
import { openEncoded } from '../../imaging/codec.ts';
import { sniffType } from '../../imaging/formats.ts';
import { CannotMask } from '../../imaging/psd/choose-layer.ts';
import { nextStep } from '../next-step.ts';
import { createBar } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import type { Connection } from './connection.ts';
import { type FinishOptions, finishJob } from './finisher.ts';
import { maskDocument } from './into.ts';
import type { Manifest } from './manifest.ts';
import type { ReadMask } from './masks.ts';
import type { Job } from './plan.ts';
import { readSource, SourceError } from './source.ts';

export interface Failure {
  location: string;
  message: string;
  hint: string;
}

export interface BatchOptions extends FinishOptions {
  model: string;
  subject: Subject;
  /** For jobs whose document gets a mask: name of the layer. */
  layer?: string | undefined;
  /** Further request parameters. */
  settings: Readonly<Record<string, string>>;
  /** Absent: masks are made from nothing. */
  readMask?: ReadMask | undefined;
  manifest?: Manifest | undefined;
  onWritten(path: string): void;
  /** Told which picture shows no subject. */
  onEmpty(location: string): void;
  /** Told which picture is the preview of a camera raw file. */
  onPreview(location: string): void;
}

/** Results made at a time: full-size colors fill memory. */
const FINISHED_AT_ONCE = 2;

/** Processes the jobs; a failed picture is recorded and the rest continue. Ends early when aborted. */
export async function runBatch(
  jobs: readonly Job[],
  connection: Connection,
  options: BatchOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Failure[]> {
  const finishing = new PQueue({ concurrency: FINISHED_AT_ONCE });
  const bar = createBar(terminal, '[{bar}] {value}/{total}  {label}');
  const failures: Failure[] = [];
  let ended = 0;
  let told = false;
  const onDownload = (message: string) => {
    bar.update(ended, jobs.length, message);
    if (!terminal.animated && !told) terminal.say(`${message} Waiting for the download.`);
    told = true;
  };
  bar.update(0, jobs.length, '');
  const runOne = async (job: Job) => {
    const { location } = job.input;
    const name = job.input.isUrl ? location : path.basename(location);
    const began = performance.now();
    let outcome = 'done';
    let done: Done = { files: [], model: null };
    let failure: Failure | null = null;
    try {
      done = await runJob(job, connection, options, { finishing, onDownload, signal });
      for (const file of done.files) options.onWritten(file);
    } catch (error) {
      if (signal.aborted) return;
      failure = describeFailure(location, error);
      failures.push(failure);
      outcome = `failed: ${failure.message}`;
    }
    const seconds = Math.round(performance.now() - began) / 1000;
    await options.manifest?.add({
      input: location,
      output: done.files,
      model: done.model,
      seconds,
      error: failure?.message ?? null,
    });
    bar.update(++ended, jobs.length, name);
    if (!terminal.animated) terminal.say(`[${ended}/${jobs.length}] ${name}: ${outcome}`);
  };
  // A few runners instead of a task for each job: there may be 100,000.
  const next = jobs.values();
  const runner = async () => {
    for (const job of next) {
      if (signal.aborted) return;
      await runOne(job);
    }
  };
  await Promise.all(Array.from({ length: connection.atOnce }, runner));
  bar.stop();
  return failures;
}

interface Done {
  files: string[];
  /** Models that ran. */
  model: string | null;
}

async function runJob(
  job: Job,
  connection: Connection,
  options: BatchOptions,
  how: { finishing: PQueue; onDownload: (message: string) => void; signal: AbortSignal },
): Promise<Done> {
  const { finishing, onDownload, signal } = how;
  if (job.files[0]!.kind === 'masked') {
    const masked = await maskDocument(job, connection, options, onDownload, signal);
    if (!masked.hasSubject) options.onEmpty(job.input.location);
    return { files: [masked.path], model: masked.model };
  }
  const bytes = await readSource(job.input.location, signal);
  const type = sniffType(bytes);
  if (!type) throw new AppError('NOT_AN_IMAGE');
  const mask = await options.readMask?.(job.input);
  // The server looks for damage, and refuses what may not be taken.
  const picture = await openEncoded(bytes, true);
  const { model, subject, settings } = options;
  const depth = options.depth ?? picture.depth ?? 8;
  const request = { bytes, mask, type, model, subject, depth, settings };
  const { alpha, hasSubject, model: used } = await connection.matte(request, onDownload);
  if (alpha.width !== picture.width || alpha.height !== picture.height) {
    throw new AppError('INTERNAL', 'The server returned a matte whose size differs from the picture.');
  }
  if (picture.isPreview) options.onPreview(job.input.location);
  if (!hasSubject) options.onEmpty(job.input.location);
  return { files: await finishing.add(() => finishJob(job, picture, alpha, options, signal)), model: used };
}

/** Turns any error into a sentence and a next step. */
export function describeFailure(location: string, error: unknown): Failure {
  if (error instanceof AppError) return { location, message: error.message, hint: nextStep(error) };
  if (error instanceof SourceError || error instanceof CannotMask)
    return { location, message: error.message, hint: error.hint };
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return { location, message: 'The disk is full.', hint: 'Free some space, then run the command again.' };
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return {
      location,
      message: `Cannot write the result (${code}).`,
      hint: 'Choose another folder with --output-dir.',
    };
  }
  return { location, message, hint: 'Run the command again; finished pictures are skipped.' };
}
