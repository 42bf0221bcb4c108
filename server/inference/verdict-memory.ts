import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import writeFileAtomic from 'write-file-atomic';
import { isAlive } from '../system/process-alive.ts';

const EntrySchema = Type.Object({
  /** `trying` is written before a trial: native code that crashes cannot report it afterwards. */
  verdict: Type.Union([Type.Literal('trying'), Type.Literal('passed'), Type.Literal('failed')]),
  reason: Type.Union([Type.String(), Type.Null()]),
  pid: Type.Integer(),
  /** ISO 8601. */
  at: Type.String(),
});
const FileSchema = Type.Object({ version: Type.Literal(1), verdicts: Type.Record(Type.String(), EntrySchema) });

type Entry = Static<typeof EntrySchema>;

export type Verdict = { verdict: 'passed' } | { verdict: 'failed'; reason: string } | { verdict: 'crashed' };

/** What is known about providers from earlier starts. One object per provider, model and computer. */
export interface VerdictMemory {
  recall(): Verdict | null;
  /** Marks the beginning of a trial that this process may not survive. */
  begin(): void;
  /** Ends the trial. `null` leaves nothing behind, so that the next start tries again. */
  end(verdict: Extract<Verdict, { verdict: 'passed' | 'failed' }> | null): void;
}

/** A trial takes seconds; an older mark belongs to an earlier process with the same id. */
const TRIAL_MS = 10 * 60_000;

/** Sent by users and by a system that shuts down. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Old drivers and models leave entries behind. */
const MAX_ENTRIES = 50;

const fileIn = (cacheDir: string) => path.join(cacheDir, 'providers.json');

/**
 * Stores verdicts in `<cacheDir>/providers.json`. Synchronous, because the mark must be on disk before native code
 * runs, and must be removed on an orderly exit. A damaged file counts as empty, and write failures are ignored.
 */
export function openVerdictMemory(cacheDir: string, key: string): VerdictMemory {
  const file = fileIn(cacheDir);
  const put = (entry: Entry | null) => {
    const verdicts = Object.entries(read(file)).filter(([other]) => other !== key);
    if (entry) verdicts.push([key, entry]);
    write(file, Object.fromEntries(verdicts.slice(-MAX_ENTRIES)));
  };
  const entry = (verdict: Entry['verdict'], reason: string | null): Entry => ({
    verdict,
    reason,
    pid: process.pid,
    at: new Date().toISOString(),
  });
  // Ctrl-C during a trial is not a crash. A listener keeps the signal from ending the process, so it is raised again
  // unless another listener exists; native code is not interrupted either way.
  const forgetTrial = () => put(null);
  const forgetAndStop = (signal: NodeJS.Signals) => {
    stopListening();
    forgetTrial();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const stopListening = () => {
    process.removeListener('exit', forgetTrial);
    for (const signal of SIGNALS) process.removeListener(signal, forgetAndStop);
  };

  return {
    recall() {
      const found = read(file)[key];
      if (!found) return null;
      if (found.verdict === 'failed') return { verdict: 'failed', reason: found.reason ?? '' };
      if (found.verdict === 'passed') return { verdict: 'passed' };
      return isUnderWay(found) ? null : { verdict: 'crashed' };
    },
    begin() {
      put(entry('trying', null));
      process.once('exit', forgetTrial);
      for (const signal of SIGNALS) process.once(signal, forgetAndStop);
    },
    end(verdict) {
      stopListening();
      put(verdict && entry(verdict.verdict, verdict.verdict === 'failed' ? verdict.reason : null));
    },
  };
}

/** All providers are tried again, with every model. */
export function forgetVerdicts(cacheDir: string): void {
  rmSync(fileIn(cacheDir), { force: true });
}

/**
 * Another process may be in the middle of the same trial. This one is not: a mark with its own id is from an earlier
 * process.
 */
function isUnderWay({ pid, at }: Entry): boolean {
  return pid !== process.pid && Date.now() - Date.parse(at) < TRIAL_MS && isAlive(pid);
}

function read(file: string): Record<string, Entry> {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Value.Check(FileSchema, json) ? json.verdicts : {};
  } catch {
    return {};
  }
}

function write(file: string, verdicts: Record<string, Entry>): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileAtomic.sync(file, `${JSON.stringify({ version: 1, verdicts }, null, 2)}\n`);
  } catch {
    // A full disk or a read-only folder loses the verdict, not the mask.
  }
}
