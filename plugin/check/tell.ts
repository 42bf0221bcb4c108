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
