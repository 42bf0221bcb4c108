import type { Job } from '../commands/batch.ts';
import type { SaveFormat } from '../settings/save-format.ts';

/** What the batch section shows. */
export interface BatchView {
  /** The documents of the batch that runs or ran last. */
  jobs: readonly Job[];
  running: boolean;
  /** Documents to choose from; null: all that are open. */
  choice: readonly { id: number; name: string; chosen: boolean }[] | null;
  /** Also documents that have a mask already. */
  redoMasked: boolean;
  /** Copies to save; null: none. */
  format: SaveFormat | null;
  /** Where to; null: beside the originals. */
  folder: string | null;
  /** Why the batch did not start; null: it started, or was never requested. */
  error: unknown;
}

/** What the user can ask for. */
export interface BatchIntents {
  start(): void;
  stop(): void;
  resume(): void;
  retry(): void;
  toggleChoice(): void;
  choose(documentId: number, chosen: boolean): void;
  setRedoMasked(redo: boolean): void;
  setFormat(format: SaveFormat | null): void;
  chooseFolder(): void;
  forgetFolder(): void;
}
