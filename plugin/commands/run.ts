import type { Cancellation } from '../cancellation.ts';
import type { Client, Server } from '../client/client.ts';
import type { DocumentFacts, Host, Marquee } from '../host/host.ts';
import type { Alpha, Bounds, Picture } from '../picture.ts';
import type { Settings } from '../settings/settings.ts';
import type { Job } from './plan-run.ts';
import type { Step } from './progress.ts';

/** What was read for one matte, and where on the canvas it lies. */
export interface Taken {
  job: Job;
  document: DocumentFacts;
  region: Bounds;
  thumbnail: Picture | null;
  marquee: Marquee | null;
  /** The mask that was sent with it, for its edge; null where the subject was looked for. */
  guide: Alpha | null;
  left: number;
  top: number;
  width: number;
  height: number;
  matteId: string | null;
  model: string;
  provider: string;
}

export interface Edged extends Taken {
  /** With the edge controls and the user's selection in it, over `width` x `height`. */
  alpha: Alpha;
  /** A cut-out, or what cleans the colors of the original; null where none are wanted, or nothing is to clean. */
  colors: Picture | null;
}

/** Everything a stage of a run needs beside its subject. */
export interface Run {
  host: Host;
  client: Client;
  server: Server;
  settings: Settings;
  cancel: Cancellation;
  report: (step: Step) => void;
}
