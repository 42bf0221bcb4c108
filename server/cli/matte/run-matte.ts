import path from 'node:path';
import { EXIT, type Terminal, UsageError } from '../terminal.ts';
import { type Failure, runBatch } from './batch.ts';
import { chooseOlder, type KeptResult, predictModel } from './choose-older.ts';
import { checkName, chooseWork } from './choose-work.ts';
import { type Connect, connect as connectToServer, openRegistry } from './connect.ts';
import { expandInputs } from './inputs.ts';
import { openMasks } from './masks.ts';
import type { MatteOptions } from './options.ts';
import { findOverwritten, planJobs } from './plan.ts';

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
  const chosen = await chooseWork(options, { cwd, env, signal });
  const { outputDir } = chosen.plan;
  const { inputs, problems, twins } = await expandInputs(given, outputDir, cwd);
  const readMask = options.mask ? await openMasks(path.resolve(cwd, options.mask), inputs) : undefined;
  checkName(chosen, inputs.length, given, cwd);
  const jobs = planJobs(inputs, chosen.plan);
  const overwritten = chosen.plan.into === 'same' ? null : findOverwritten(jobs);
  if (overwritten)
    throw new UsageError(`A result would replace the picture ${overwritten}. Choose another --output-dir.`);
  let open = options.force || options.redoOlder ? jobs : jobs.filter((job) => !job.done);
  let kept: KeptResult[] = [];
  const written: string[] = [];
  const empty: string[] = [];
  const previews: string[] = [];
  const otherPaths: string[] = [];
  const failures: Failure[] = [...problems];
  let done = 0;
  if (open.length > 0) {
    const connection = await connect(chosen.wanted, chosen.config, terminal, signal);
    try {
      if (options.redoOlder) {
        const model = await predictModel(connection, openRegistry(chosen.config), chosen.wanted);
        ({ jobs: open, kept } = await chooseOlder(jobs, model));
      }
      const work = {
        ...chosen.work,
        readMask,
        onWritten(file: string) {
          written.push(file);
          if (!options.json) terminal.result(file);
        },
        onEmpty: (location: string) => empty.push(location),
        onOtherPath: (location: string) => otherPaths.push(location),
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
  if (options.json)
    terminal.result(
      JSON.stringify({
        written,
        skipped,
        empty,
        previews,
        twins,
        ...(options.redoOlder && { kept }),
        failed: failures,
      }),
    );
  terminal.flush();
  for (const { path: file, reason } of kept) terminal.say(`${file}\n  ${reason}`);
  report(
    {
      done,
      skipped,
      failures,
      empty,
      previews,
      twins,
      otherPaths,
      outputDir,
      interrupted: signal.aborted,
      isRedo: Boolean(options.redoOlder),
    },
    terminal,
  );
  if (signal.aborted) return EXIT.interrupted;
  return failures.length > 0 ? EXIT.failed : EXIT.ok;
}

interface Summary {
  done: number;
  skipped: number;
  failures: readonly Failure[];
  /** Where no subject was found. */
  empty: readonly string[];
  /** Raw files of which the preview was used. */
  previews: readonly string[];
  /** Documents whose own clipping path stays. */
  otherPaths: readonly string[];
  /** Raw files that were left out. */
  twins: readonly string[];
  outputDir: string;
  interrupted: boolean;
  isRedo: boolean;
}

function report(
  { done, skipped, failures, empty, previews, twins, otherPaths, outputDir, interrupted, isRedo }: Summary,
  terminal: Terminal,
): void {
  for (const { location, message, hint } of failures) terminal.complain(`${location}\n  ${message} ${hint}`);
  for (const location of empty) terminal.say(`${location}\n  No subject was found; its matte is empty.`);
  for (const location of otherPaths)
    terminal.say(`${location}\n  It keeps its clipping path; the new path is saved beside it, under Paths.`);
  for (const location of twins)
    terminal.say(`${location}\n  Left out: the same picture lies beside it as JPEG or HEIC, and was taken.`);
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
  if (skipped > 0) {
    const why = isRedo ? 'their results stay' : 'results exist. Use --force to make them again';
    terminal.say(`${count(skipped, 'picture')} skipped: ${why}.`);
  }
  if (done + failures.length + skipped === 0) {
    terminal.complain('No pictures found there (JPEG, PNG, WebP, TIFF, PSD, AVIF, HEIC, GIF, BMP, camera raw).');
  }
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
