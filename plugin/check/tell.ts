import { textOf } from '../errors.ts';
import type { Seen } from './probe.ts';

/** What an attempt answers, or the words with which it fails. */
export async function tell(attempt: () => Promise<Seen>): Promise<Seen> {
  try {
    return await attempt();
  } catch (thrown) {
    return textOf(thrown);
  }
}

/** The same of several attempts, one after the other, by what each is about. */
export async function tellEach<T extends string | number>(
  all: readonly T[],
  attempt: (one: T) => Promise<Seen>,
): Promise<Record<string, Seen>> {
  const seen: Record<string | number, Seen> = {};
  for (const one of all) seen[one] = await tell(() => attempt(one));
  return seen;
}
