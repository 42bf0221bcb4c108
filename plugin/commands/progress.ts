/** Where a run is. `for`: what we wait for. `busy`: Photoshop makes us wait before the mask can be written. */
export type Step =
  | { name: 'searching' }
  | { name: 'reading' }
  | { name: 'uploading'; fraction: number }
  | { name: 'waiting'; for: 'answer' | 'queue' | 'model' }
  | { name: 'writing'; busy: boolean };

/** `part`: which of several layers, from 1. */
export type Progress = Step & { part?: { index: number; of: number } };

export type Report = (progress: Progress) => void;
