import { Cancellation } from '../cancellation.ts';

/** Those that are asked together, and how long they have before the next ones are asked too, in milliseconds. */
export interface Stage {
  readonly origins: readonly string[];
  readonly headStart: number;
}

/** How long an answer waits for one that is preferred, in milliseconds. */
const GRACE = 200;

/**
 * Asks all origins of a stage at once, and those of the next one when all have failed or their head start is over. The first
 * good answer in order wins, but it waits for an earlier one no longer than `GRACE`: some addresses take seconds to refuse.
 * @returns the good answer, or null; and all that were seen until then, in order
 */
export async function race<T>(
  stages: readonly Stage[],
  probe: (origin: string, cancel: Cancellation) => Promise<T>,
  isGood: (answer: T) => boolean,
  cancel: Cancellation,
): Promise<{ best: T | null; seen: T[] }> {
  const own = new Cancellation();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const stopListening = cancel.onCancel(() => own.cancel());
  try {
    return await new Promise((resolve) => {
      const order = stages.flatMap(({ origins }) => origins);
      const seen: (T | undefined)[] = order.map(() => undefined);
      let begun = 0;
      let asked = 0;
      const finish = (at: number) =>
        resolve({ best: seen[at] ?? null, seen: seen.filter((answer) => answer !== undefined) });
      const later = (action: () => void, pause: number) => timers.add(setTimeout(action, pause));
      const look = () => {
        const best = seen.findIndex((answer) => answer !== undefined && isGood(answer));
        const open = seen.slice(0, best < 0 ? asked : best).some((answer) => answer === undefined);
        if (best >= 0 && !open) finish(best);
        else if (best < 0 && !open && begun === stages.length) finish(-1);
        else if (best < 0 && !open) begin(begun);
        return best;
      };
      const begin = (stage: number) => {
        if (stage !== begun || begun === stages.length) return;
        const { origins, headStart } = stages[begun]!;
        const first = asked;
        begun++;
        asked += origins.length;
        later(() => begin(stage + 1), headStart);
        for (const [i, origin] of origins.entries()) {
          void probe(origin, own).then((answer) => {
            seen[first + i] = answer;
            if (look() >= 0)
              later(() => finish(seen.findIndex((other) => other !== undefined && isGood(other))), GRACE);
          });
        }
        if (origins.length === 0) look();
      };
      begin(0);
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    stopListening();
    // The answers of the other addresses are no longer needed.
    own.cancel();
  }
}
