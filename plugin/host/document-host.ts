import type { Cancellation } from '../cancellation.ts';
import type { SaveFormat } from '../settings/save-format.ts';

export interface OpenDocument {
  id: number;
  name: string;
}

/** A folder that the user chose, for as long as Photoshop runs. */
export interface ChosenFolder {
  readonly name: string;
}

/** Photoshop's open documents and their files, as the batch sees them. */
export interface DocumentHost {
  openDocuments(): OpenDocument[];
  /** Lets the user choose; null if they think better of it. */
  chooseFolder(): Promise<ChosenFolder | null>;
  /**
   * Saves a copy under a name that is free, in `folder` or, if that is null, beside the original; the open document stays
   * the file it was. Answers with the name. Throws a PluginError, and then there is no file.
   */
  saveCopy(documentId: number, format: SaveFormat, folder: ChosenFolder | null, cancel: Cancellation): Promise<string>;
}
