import { existsSync } from 'node:fs';
import { mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import PQueue from 'p-queue';
import { renamePatiently } from '../../../system/files.ts';
import { EXIT, type Terminal, UsageError } from '../../terminal.ts';
import { AT_ONCE, describeFailure, runJob } from '../batch.ts';
import { type ChosenWork, checkName, chooseWork } from '../choose-work.ts';
import { connect as connectToServer } from '../connect.ts';
import type { Connection } from '../connection.ts';
import { describeUnread, fileInput } from '../inputs.ts';
import { openMasks } from '../masks.ts';
import type { MatteOptions } from '../options.ts';
import { type Job, planJobs } from '../plan.ts';
import type { MatteContext } from '../run-matte.ts';
import { DropFolder, type Dropped } from './drop-folder.ts';
import { Journal } from './journal.ts';
import { judge } from './judge.ts';

/** Milliseconds. */
export interface WatchTiming {
  /** Between two looks into the folder. */
  look: number;
  /** Without a change, until a file counts as complete. */
  settle: number;
  /** Without a change, until a file that cannot be read counts as damaged and not as unfinished. */
  patience: number;
  /** Until the next try where disk, network or server fail. */
  retry: number;
}

const TIMING: WatchTiming = { look: 1000, settle: 2000, patience: 30_000, retry: 10_000 };

/** Tries of a picture that the server fails at. */
const TRIES = 3;

const DONE = 'done';
const FAILED = 'failed';

/**
 * `hairline matte --watch`: takes pictures out of a folder as they come, until it is told to stop.
 * @returns the exit code
 * @throws {UsageError} before anything is touched; {AppError} when no server or model is available at the beginning
 */
export async function runWatch(
  options: MatteOptions,
  context: MatteContext & { timing?: WatchTiming },
): Promise<number> {
  const { signal, env = process.env, cwd = process.cwd() } = context;
  const folder = await findFolder(path.resolve(cwd, options.watch!));
  if (options.inPlace) throw new UsageError('--watch moves pictures when they are done; --in-place does not apply.');
  const chosen = await chooseWork(options, { cwd, env, signal });
  checkName(chosen, 2, [], cwd);
  if (options.name?.includes('{index}')) throw new UsageError('--watch knows no numbers of pictures: use {name}.');
  const output = chosen.plan.outputDir;
  await mkdir(output, { recursive: true });
  const own = [await realpath(output), path.join(folder, DONE), path.join(folder, FAILED)];
  if (own.slice(1).some((one) => isInside(one, own[0]!)) || own[0] === folder)
    throw new UsageError('Results would be taken for pictures. Choose another --output-dir.');
  const journal = await Journal.open(folder, signal);
  const watch = new Watch(folder, new DropFolder(folder, own), journal, chosen, options, { ...context, cwd });
  try {
    await watch.run();
  } finally {
    await journal.close();
  }
  return EXIT.interrupted;
}

async function findFolder(given: string): Promise<string> {
  const found = await stat(given).catch(() => null);
  if (!found?.isDirectory()) throw new UsageError(`--watch: there is no folder ${given}.`);
  return realpath(given);
}

function isInside(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder + path.sep);
}

class Watch {
  readonly #folder: string;
  readonly #drop: DropFolder;
  readonly #journal: Journal;
  readonly #chosen: ChosenWork;
  readonly #options: MatteOptions;
  readonly #context: MatteContext & { cwd: string };
  readonly #timing: WatchTiming;
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  /** In work or in the queue. */
  readonly #taken = new Set<string>();
  /** Results of those, so that no two pictures get the same. */
  readonly #reserved = new Set<string>();
  readonly #tries = new Map<string, number>();
  /** Perhaps unfinished: tried again once they have not changed for long. */
  readonly #unreadable = new Set<string>();
  /** Files of pictures that are done and could not be moved yet. */
  readonly #written = new Map<string, string[]>();
  readonly #counts = { done: 0, failed: 0 };
  #connection: Connection | null = null;
  #pausedUntil = 0;
  #trouble = '';

  constructor(
    folder: string,
    drop: DropFolder,
    journal: Journal,
    chosen: ChosenWork,
    options: MatteOptions,
    context: MatteContext & { cwd: string; timing?: WatchTiming },
  ) {
    this.#folder = folder;
    this.#drop = drop;
    this.#journal = journal;
    this.#chosen = chosen;
    this.#options = options;
    this.#context = context;
    this.#timing = context.timing ?? TIMING;
    this.#terminal = context.terminal;
    this.#signal = context.signal;
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { terminal } = this.#context;
    await this.#connect();
    terminal.say(`Watching ${this.#folder}; results go to ${this.#chosen.plan.outputDir}. Ctrl-C stops.`);
    try {
      while (!this.#signal.aborted) {
        if (performance.now() >= this.#pausedUntil) await this.#look();
        await delay(this.#timing.look, undefined, { signal: this.#signal }).catch(() => undefined);
      }
    } finally {
      await this.#queue.onIdle();
      await this.#connection?.close();
    }
    const { done, failed } = this.#counts;
    terminal.say(`Stopped: ${done} done, ${failed} failed. What is left there is taken the next time.`);
  }

  async #connect(): Promise<void> {
    const { connect = connectToServer, terminal, signal } = this.#context;
    this.#connection = await connect(this.#chosen.wanted, this.#chosen.config, terminal, signal);
  }

  async #look(): Promise<void> {
    try {
      if (!this.#connection) await this.#connect();
      for (const file of await this.#drop.look()) {
        // It has changed since it could not be read.
        if (file.idle < this.#timing.settle) this.#unreadable.delete(file.location);
        const settle = this.#unreadable.has(file.location) ? this.#timing.patience : this.#timing.settle;
        if (file.idle < settle || this.#taken.has(file.location)) continue;
        this.#taken.add(file.location);
        this.#queue
          .add(() => this.#take(file))
          .catch((error: unknown) => this.#pause(describeFailure(file.location, error).message))
          .finally(() => this.#taken.delete(file.location));
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#pause(describeFailure(this.#folder, error).message);
    }
  }

  async #take(file: Dropped): Promise<void> {
    if (this.#signal.aborted || !this.#connection || performance.now() < this.#pausedUntil) return;
    const { job, name } = this.#plan(file);
    const files = job.files.map((one) => one.path);
    for (const one of files) this.#reserved.add(one.toLowerCase());
    try {
      const unread = describeUnread(file.location);
      if (unread) return await this.#fail(file, unread.message, unread.hint);
      await this.#journal.begin(file.relative, name);
      const notes: string[] = [];
      const written = this.#written.get(file.location) ?? (await this.#work(job, this.#connection, notes));
      this.#written.set(file.location, written);
      await this.#finish(file, DONE);
      this.#written.delete(file.location);
      this.#counts.done++;
      this.#trouble = '';
      this.#tell(file, written, null, ['done', ...notes].join(', '));
    } catch (error) {
      // A picture in the middle of its work stays where it is, and is taken the next time.
      if (!this.#signal.aborted) await this.#judge(file, error);
    } finally {
      for (const one of files) this.#reserved.delete(one.toLowerCase());
    }
  }

  async #work(job: Job, connection: Connection, notes: string[]): Promise<string[]> {
    const { mask } = this.#options;
    const readMask = mask ? await openMasks(path.resolve(this.#context.cwd, mask), [job.input]) : undefined;
    const observer = {
      onWritten: () => undefined,
      onEmpty: () => notes.push('no subject was found'),
      onOtherPath: () => notes.push('it keeps its clipping path beside the new one'),
      onPreview: () => notes.push('the preview of the raw file was used'),
    };
    const onDownload = (message: string) => this.#say(message);
    return runJob(job, connection, { ...this.#chosen.work, readMask, ...observer }, onDownload, this.#signal);
  }

  /** Under its own name, or with a number where results of that name are there: nothing is ever replaced but its own half. */
  #plan({ location, relative }: Dropped): { job: Job; name: string } {
    const input = fileInput(location, path.dirname(relative) === '.' ? '' : path.dirname(relative));
    const before = this.#journal.nameOf(relative);
    if (before) return { job: planJobs([{ ...input, stem: before }], this.#chosen.plan)[0]!, name: before };
    for (let n = 1; ; n++) {
      const name = n === 1 ? input.stem : `${input.stem}-${n}`;
      const [job] = planJobs([{ ...input, stem: name }], this.#chosen.plan);
      const isFree = job!.files.every((one) => !existsSync(one.path) && !this.#reserved.has(one.path.toLowerCase()));
      if (isFree && !job!.done) return { job: job!, name };
    }
  }

  async #judge(file: Dropped, error: unknown): Promise<void> {
    const { message, hint } = describeFailure(file.location, error);
    const reason = judge(error);
    if (reason === 'surroundings') {
      // Connected to again at the next look.
      await this.#connection?.close().catch(() => undefined);
      this.#connection = null;
      return this.#pause(`${message} ${hint}`);
    }
    if (reason === 'unfinished') {
      if (file.idle < this.#timing.patience) {
        this.#unreadable.add(file.location);
        return;
      }
    }
    if (reason === 'again') {
      const tries = (this.#tries.get(file.location) ?? 0) + 1;
      this.#tries.set(file.location, tries);
      if (tries < TRIES) return;
    }
    await this.#fail(file, message, hint);
  }

  async #fail(file: Dropped, message: string, hint: string): Promise<void> {
    this.#tries.delete(file.location);
    this.#unreadable.delete(file.location);
    this.#counts.failed++;
    await this.#finish(file, FAILED);
    this.#tell(file, [], { message, hint }, `failed: ${message} ${hint}`);
  }

  /** Moves the picture out of the way; one of that name that is there already stays. */
  async #finish({ location, relative }: Dropped, where: typeof DONE | typeof FAILED): Promise<void> {
    const { dir, name, ext } = path.parse(path.join(this.#folder, where, relative));
    await mkdir(dir, { recursive: true });
    let target = path.join(dir, name + ext);
    for (let n = 2; existsSync(target); n++) target = path.join(dir, `${name}-${n}${ext}`);
    await renamePatiently(location, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await this.#journal.end(relative);
  }

  #tell(file: Dropped, written: string[], failed: { message: string; hint: string } | null, outcome: string): void {
    const { terminal } = this.#context;
    if (this.#options.json) terminal.result(JSON.stringify({ picture: file.location, written, failed }));
    else if (!terminal.streams.stdout.isTTY) for (const one of written) terminal.result(one);
    terminal.flush();
    const line = `${clock()} ${file.relative}: ${outcome}`;
    if (failed) terminal.complain(line);
    else terminal.say(line);
  }

  /** A trouble is told once, not at every try. */
  #pause(message: string): void {
    this.#pausedUntil = performance.now() + this.#timing.retry;
    if (this.#trouble !== message) this.#terminal.complain(`${clock()} Waiting: ${message}`);
    this.#trouble = message;
  }

  #say(message: string): void {
    if (this.#trouble !== message) this.#terminal.say(`${clock()} ${message}`);
    this.#trouble = message;
  }
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
