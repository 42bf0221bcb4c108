import { Cancellation, Cancelled } from '../cancellation.ts';
import { textOf } from '../errors.ts';
import type { Outcome, Probe } from './probe.ts';

const LIMIT_SECONDS = 20;

/** Called around each probe; what it writes outlives a crash of Photoshop. */
export interface Journal {
  begin(probe: Probe): Promise<void>;
  end(outcome: Outcome): Promise<void>;
}

/** Runs one probe after the other. A probe that throws or hangs is an answer too; only Cancel ends the rest. */
export async function runProbes(probes: readonly Probe[], journal: Journal, cancel: Cancellation): Promise<void> {
  for (const probe of probes) {
    cancel.throwIfCancelled();
    await journal.begin(probe);
    const outcome = await ask(probe, cancel);
    cancel.throwIfCancelled();
    await journal.end(outcome);
  }
}

async function ask(probe: Probe, cancel: Cancellation): Promise<Outcome> {
  const start = Date.now();
  const end = (outcome: Omit<Outcome, 'id' | 'milliseconds'>) => ({
    id: probe.id,
    ...outcome,
    milliseconds: Date.now() - start,
  });
  const own = new Cancellation();
  const stopListening = cancel.onCancel(() => own.cancel());
  const isLate = () => own.cancelled && !cancel.cancelled;
  const timer = setTimeout(() => own.cancel(), (probe.limit ?? LIMIT_SECONDS) * 1000);
  // One that hangs does not listen either.
  const givenUp = new Promise<never>((_resolve, reject) => {
    own.onCancel(() => reject(new Cancelled()));
  });
  givenUp.catch(() => {});
  try {
    const run = async () => probe.run(own);
    return end({ ...(await Promise.race([run(), givenUp])), end: 'answered' });
  } catch (thrown) {
    if (isLate()) return end({ seen: null, expected: false, end: 'timed-out' });
    return end({ seen: textOf(thrown), expected: false, end: 'failed' });
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}
