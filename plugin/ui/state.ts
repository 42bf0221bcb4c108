import type { Subject } from '../../protocol/matte.ts';
import type { Server } from '../client/client.ts';
import type { Result } from '../commands/mask-subject.ts';
import type { Progress } from '../commands/progress.ts';

/** One run of the button, from the user's point of view. */
export type PanelState =
  | { name: 'idle' }
  | Progress
  | { name: 'done'; result: Result }
  | { name: 'failed'; error: unknown }
  | { name: 'cancelled' };

/** What is known about the server without a run. */
export type ServerState =
  | { name: 'unknown' }
  | { name: 'online'; server: Server }
  | { name: 'offline'; error: unknown };

export interface View {
  panel: PanelState;
  server: ServerState;
  /** What the next run looks for. */
  subject: Subject;
}

export function isRunning({ name }: PanelState): boolean {
  return name === 'searching' || name === 'reading' || name === 'uploading' || name === 'waiting' || name === 'writing';
}
