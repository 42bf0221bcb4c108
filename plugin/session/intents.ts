import type { EdgeControls } from '../../protocol/edge.ts';
import type { Settings } from '../settings/settings.ts';
import type { Answer, Backdrop } from './state.ts';

/** What the user can ask for. */
export interface Intents {
  maskSubject(): void;
  /** What a new mask does to the one that is there; `remember`: from now on. */
  answer(answer: Answer, remember: boolean): void;
  /** Ends a run, or leaves the old mask alone. */
  cancel(): void;
  choose(change: Partial<Settings>): void;
  /** @param width of the preview in pixels; null: no longer visible */
  lookAtEdge(width: number | null): void;
  changeEdge(controls: EdgeControls): void;
  showOn(backdrop: Backdrop): void;
  keepEdge(kept: boolean): void;
  applyEdge(): void;
  startServer(): void;
  /** Answers with whether the address may be used; empty: wherever the server answers. */
  chooseAddress(address: string): Promise<boolean>;
}
