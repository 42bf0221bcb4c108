import type { EdgeControls } from '../../protocol/edge.ts';
import type { BackdropKey } from '../../words/panel/keys.ts';
import type { Server } from '../client/client.ts';
import type { Progress } from '../commands/progress.ts';
import type { Result } from '../commands/result.ts';
import type { MaskPolicy, Settings } from '../settings/settings.ts';

/** One run of the button, from the user's point of view. `asking`: it waits to be told what to do with a mask, which can
 *  have its edge refined unless the run is about the edge of another one. */
export type PanelState =
  | { name: 'idle' }
  | Progress
  | { name: 'asking'; layer: string; refines: boolean }
  | { name: 'done'; result: Result }
  | { name: 'failed'; error: unknown }
  | { name: 'cancelled' };

/** What is known about the server without a run. */
export type ServerState =
  | { name: 'unknown' }
  | { name: 'starting' }
  | { name: 'online'; server: Server }
  | { name: 'offline'; error: unknown };

/** What the preview shows the subject on; `mask` is the mask itself. */
export const BACKDROPS = ['checker', 'black', 'white', 'red', 'mask'] as const satisfies readonly BackdropKey[];
export type Backdrop = (typeof BACKDROPS)[number];

/** The last matte made, and how it looks with the controls. */
export interface Preview {
  layer: string;
  /** Width / height of the picture. */
  aspect: number;
  /** For an <img>; null before the first one is there. */
  url: string | null;
  /** It does not show the controls yet. */
  stale: boolean;
  /** Why there is none; null when there is, or will be. */
  error: unknown;
}

export interface EdgeView {
  controls: EdgeControls;
  backdrop: Backdrop;
  /** The controls are used for new masks too. */
  kept: boolean;
  /** Null: there is no matte to look at. */
  preview: Preview | null;
}

export interface View {
  panel: PanelState;
  server: ServerState;
  /** What the next run is asked for. */
  settings: Settings;
  /** Where the server is said to be; empty: wherever it answers. */
  address: string;
  /** No mask has been made here yet. */
  newcomer: boolean;
  edge: EdgeView;
}

export type Answer = Exclude<MaskPolicy, 'ask'>;

export function isRunning({ name }: PanelState): boolean {
  return name === 'searching' || name === 'reading' || name === 'uploading' || name === 'waiting' || name === 'writing';
}
