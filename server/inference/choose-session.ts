import { nameOf } from './execution-providers.ts';
import { explainCrash, explainDifference, explainFailure, explainNonsense, rawText } from './failure-reason.ts';
import { compareAnswers, type Difference, findNonsense, isSameAnswer } from './probe.ts';
import type { Provider, Session } from './session.ts';
import type { VerdictMemory } from './verdict-memory.ts';

/** Outcome for one provider. */
export interface Attempt {
  provider: Provider;
  /**
   * `used`; `missing`: not tried, a requirement is absent; `remembered`: not tried, failed an earlier check; `refused`:
   * did not start or run; `wrong`: its answer to the check was invalid or differed from the CPU's.
   */
  outcome: 'used' | 'missing' | 'remembered' | 'refused' | 'wrong';
  /** Why it is not used, as part of a sentence. */
  reason: string | null;
  /** The runtime's verbatim message. */
  detail: string | null;
  /** Milliseconds to load the network, and of its first run. */
  load: number | null;
  run: number | null;
  /** Difference from the CPU's answer; null when an earlier start had compared them. */
  difference: Difference | null;
}

/** All that the choice needs from the outside. */
export interface Candidates {
  /** In order of preference. */
  providers: readonly Provider[];
  /** Smallest and largest value of the network's output. */
  range: readonly [number, number];
  /** Retries providers ruled out by earlier starts, and compares accepted ones again. */
  recheck: boolean;
  /** What a provider lacks that can be seen without trying it. */
  findMissing(provider: Provider): string | null;
  memoryOf(provider: Provider): VerdictMemory;
  open(provider: Provider): Promise<Session>;
  probe(session: Session): Promise<Float32Array>;
}

interface Trial {
  session: Session;
  answer: Float32Array;
  load: number;
  run: number;
}

/**
 * Picks the first provider that runs the network like the CPU does. The CPU itself is the reference: it only has to
 * return numbers. Wrong answers and crashes are remembered; a refusal is not, since its cause (a missing library, a
 * full graphics card) can be gone at the next start, and trying again is harmless.
 * @returns the session, null when no provider is left, and the outcome for each one tried.
 */
export async function chooseSession(
  candidates: Candidates,
): Promise<{ session: Session | null; attempts: readonly Attempt[] }> {
  const attempts: Attempt[] = [];
  const asked: Promise<Trial>[] = [];
  const askCpu = () => {
    if (asked.length === 0) asked.push(runTrial(candidates, 'cpu'));
    return asked[0]!;
  };
  let chosen: Session | null = null;
  try {
    for (const provider of candidates.providers) {
      const { session, attempt } =
        provider === 'cpu' ? await tryCpu(askCpu) : await tryGpu(candidates, provider, askCpu);
      attempts.push(attempt);
      chosen = session;
      if (chosen) break;
    }
  } finally {
    const cpu = await asked[0]?.catch(() => null);
    if (cpu && cpu.session !== chosen) await cpu.session.dispose();
  }
  return { session: chosen, attempts };
}

type Try = { session: Session | null; attempt: Attempt };

async function tryCpu(askCpu: () => Promise<Trial>): Promise<Try> {
  try {
    const { session, answer, load, run } = await askCpu();
    // A flat answer is not an error here: the network may find nothing in the picture.
    if (findNonsense(answer) === 'nan') return reject('cpu', 'wrong', explainNonsense('cpu', 'nan'), { load, run });
    return { session, attempt: { ...blank('cpu'), outcome: 'used', load, run } };
  } catch (error) {
    return reject('cpu', 'refused', explainFailure('cpu', error), { detail: rawText(error) });
  }
}

async function tryGpu(candidates: Candidates, provider: Provider, askCpu: () => Promise<Trial>): Promise<Try> {
  const missing = candidates.findMissing(provider);
  if (missing) return reject(provider, 'missing', missing);
  const memory = candidates.memoryOf(provider);
  const known = candidates.recheck ? null : memory.recall();
  if (known?.verdict === 'crashed') return reject(provider, 'remembered', explainCrash(provider));
  if (known?.verdict === 'failed') return reject(provider, 'remembered', known.reason);
  // A provider that passed before is not marked as trying: killing the server during startup would rule it out.
  const first = known === null;
  if (first) memory.begin();
  let trial: Trial;
  try {
    trial = await runTrial(candidates, provider);
  } catch (error) {
    if (first) memory.end(null);
    return reject(provider, 'refused', explainFailure(provider, error), { detail: rawText(error) });
  }
  // From here on only the CPU runs, whose failures say nothing about this provider.
  if (first) memory.end(null);
  const { session, answer, load, run } = trial;
  const judgment = await judge(candidates, provider, answer, first ? askCpu : null).catch((error: unknown) => ({
    difference: null,
    reason: `${nameOf(provider)} could not be compared with the CPU`,
    detail: rawText(error),
  }));
  const { difference, reason, detail } = judgment;
  if (reason === null) {
    if (first) memory.end({ verdict: 'passed' });
    return { session, attempt: { ...blank(provider), outcome: 'used', load, run, difference } };
  }
  if (detail === null) memory.end({ verdict: 'failed', reason });
  await session.dispose();
  return reject(provider, detail === null ? 'wrong' : 'refused', reason, { detail, load, run, difference });
}

async function runTrial({ open, probe }: Candidates, provider: Provider): Promise<Trial> {
  const began = performance.now();
  const session = await open(provider);
  const loaded = performance.now();
  try {
    const answer = await probe(session);
    return { session, answer, load: loaded - began, run: performance.now() - loaded };
  } catch (error) {
    await session.dispose().catch(() => undefined);
    throw error;
  }
}

interface Judgment {
  difference: Difference | null;
  reason: string | null;
  detail: string | null;
}

async function judge(
  { range }: Candidates,
  provider: Provider,
  answer: Float32Array,
  askCpu: (() => Promise<Trial>) | null,
): Promise<Judgment> {
  const nonsense = findNonsense(answer);
  if (nonsense) return { difference: null, reason: explainNonsense(provider, nonsense), detail: null };
  if (!askCpu) return { difference: null, reason: null, detail: null };
  const difference = compareAnswers(answer, (await askCpu()).answer, range);
  return {
    difference,
    reason: isSameAnswer(difference) ? null : explainDifference(provider, difference),
    detail: null,
  };
}

function blank(provider: Provider): Attempt {
  return { provider, outcome: 'refused', reason: null, detail: null, load: null, run: null, difference: null };
}

function reject(provider: Provider, outcome: Attempt['outcome'], reason: string, more: Partial<Attempt> = {}): Try {
  return { session: null, attempt: { ...blank(provider), ...more, outcome, reason } };
}
