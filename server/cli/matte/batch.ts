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

/** What is done with each picture. */
export interface PictureWork extends FinishOptions {
  model: string;
  subject: Subject;
  /** For jobs whose document gets a mask: name of the layer. */
  layer?: string | undefined;
  /** Further request parameters. */
  settings: Readonly<Record<string, string>>;
  /** Absent: masks are made from nothing. */
  readMask?: ReadMask | undefined;
}

/** Told what becomes of pictures. */
export interface Observer {
  onWritten(path: string): void;
  /** Told which picture shows no subject. */
  onEmpty(location: string): void;
  /** Told which document keeps the clipping path that it had. */
  onOtherPath(location: string): void;
  /** Told which picture is the preview of a camera raw file. */
  onPreview(location: string): void;
}

export interface BatchOptions extends PictureWork, Observer {
  manifest?: Manifest | undefined;
  /** Lets a few results be made at a time; absent: all. */
  finishing?: PQueue;
  /** Told which models ran. */
  onModel?(model: string): void;
}

/** Results made at a time: full-size colors fill memory. */
const FINISHED_AT_ONCE = 2;

/** While one picture is in the network, another is read or written. More would only use memory. */
export const AT_ONCE = 2;

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
    let files: string[] = [];
    let model: string | null = null;
    const onModel = (used: string) => {
      model = used;
    };
    let failure: Failure | null = null;
    try {
      files = await runJob(job, connection, { ...options, finishing, onModel }, onDownload, signal);
      for (const file of files) options.onWritten(file);
    } catch (error) {
      if (signal.aborted) return;
      failure = describeFailure(location, error);
      failures.push(failure);
      outcome = `failed: ${failure.message}`;
    }
    const seconds = Math.round(performance.now() - began) / 1000;
    await options.manifest?.add({
      input: location,
      output: files,
      model: failure ? null : model,
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

/** @returns the paths written @throws whatever {@link describeFailure} describes */
export async function runJob(
  job: Job,
  connection: Connection,
  options: BatchOptions,
  onDownload: (message: string) => void,
  signal: AbortSignal,
): Promise<string[]> {
  if (job.files[0]!.kind === 'masked') {
    const masked = await maskDocument(job, connection, options, onDownload, signal);
    if (masked.hasOtherPath) options.onOtherPath(job.input.location);
    if (!masked.hasSubject) options.onEmpty(job.input.location);
    options.onModel?.(masked.model);
    return [masked.path];
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
  const { alpha, model: ran, hasSubject } = await connection.matte(request, onDownload);
  options.onModel?.(ran);
  if (alpha.width !== picture.width || alpha.height !== picture.height) {
    throw new AppError('INTERNAL', 'The server returned a matte whose size differs from the picture.');
  }
  if (picture.isPreview) options.onPreview(job.input.location);
  if (!hasSubject) options.onEmpty(job.input.location);
  const finish = () => finishJob(job, picture, { alpha, model: ran }, options, signal);
  return options.finishing ? options.finishing.add(finish) : finish();
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
