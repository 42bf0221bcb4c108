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

/** A question, and of what kind of thing it is asked where there are several: `convert RGB 16`. */
export type ProbeId = ProbeKey | `${ProbeKey} ${string}`;

/** One question to this Photoshop. */
export interface Probe {
  readonly id: ProbeId;
  /** Seconds; a probe that takes longer is given up. */
  readonly limit?: number;
  run(cancel: Cancellation): Finding | Promise<Finding>;
}

/** How a probe ended. `failed`: it threw, or took too long. `crashed`: Photoshop did not live to see the end of it, so it is not asked again. */
export interface Outcome extends Finding {
  readonly id: ProbeId;
  readonly end: 'answered' | 'failed' | 'crashed';
  readonly milliseconds: number;
}
