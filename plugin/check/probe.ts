import type { ProbeKey } from '../../words/panel/keys.ts';
import type { Cancellation } from '../cancellation.ts';
import type { HostProfile } from '../host-profile.ts';

/** What may stand in a report. */
export type Seen = string | number | boolean | null | readonly Seen[] | { readonly [name: string]: Seen };

/** What a probe found. */
export interface Finding {
  readonly seen: Seen;
  /** As documented, or as Hairline hopes. */
  readonly expected: boolean;
  /** The ways that the code takes because of it. */
  readonly profile?: Partial<HostProfile>;
}

/** One question to this Photoshop. */
export interface Probe {
  readonly id: ProbeKey;
  /** Seconds; a probe that takes longer is given up. */
  readonly limit?: number;
  run(cancel: Cancellation): Finding | Promise<Finding>;
}

/** How a probe ended. `crashed`: Photoshop did not live to see the end of it, so it is not asked again. */
export interface Outcome extends Finding {
  readonly id: ProbeKey;
  readonly end: 'answered' | 'failed' | 'timed-out' | 'crashed';
  readonly milliseconds: number;
}
