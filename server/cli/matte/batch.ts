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

export interface BatchOptions extends PictureWork, Observer {}

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
  const queue = new PQueue({ concurrency: AT_ONCE });
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
  const tasks = jobs.map((job) =>
    queue.add(async () => {
      if (signal.aborted) return;
      const { location } = job.input;
      const name = job.input.isUrl ? location : path.basename(location);
      let outcome = 'done';
      try {
        for (const file of await runJob(job, connection, options, onDownload, signal)) options.onWritten(file);
      } catch (error) {
        if (signal.aborted) return;
        const failure = describeFailure(location, error);
        failures.push(failure);
        outcome = `failed: ${failure.message}`;
      }
      bar.update(++ended, jobs.length, name);
      if (!terminal.animated) terminal.say(`[${ended}/${jobs.length}] ${name}: ${outcome}`);
    }),
  );
  await Promise.all(tasks);
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
  if (alpha.width !== picture.width || alpha.height !== picture.height) {
    throw new AppError('INTERNAL', 'The server returned a matte whose size differs from the picture.');
  }
  if (picture.isPreview) options.onPreview(job.input.location);
  if (!hasSubject) options.onEmpty(job.input.location);
  return finishJob(job, picture, { alpha, model: ran }, options, signal);
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
