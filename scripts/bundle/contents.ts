import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** What every platform packs in its own way. */
export interface Contents {
  /** Folder of the app: Hairline's package with its dependencies. */
  app: string;
  /** Node and the libraries beside it, by name. */
  runtime: ReadonlyMap<string, Uint8Array>;
  licenses: string;
  ccx: { name: string; bytes: Uint8Array };
}

/** Where to pack: `out` takes the result, `work` is thrown away. */
export interface Place {
  out: string;
  work: string;
  /** For tests: an installer twice as large, packed in a tenth of the time. */
  fast: boolean;
}

/** A file of an archive. */
export interface Entry {
  bytes: Uint8Array;
  executable: boolean;
}

/** Every file of the app below `prefix`, by its place with forward slashes. */
export function appEntries(app: string, prefix: string): Map<string, Entry> {
  const names = readdirSync(app, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(path.join(app, name)).isFile()).sort();
  return new Map(
    files.map((name) => [
      `${prefix}/${name.split(path.sep).join('/')}`,
      { bytes: readFileSync(path.join(app, name)), executable: false },
    ]),
  );
}

export const textEntry = (text: string, executable = false): Entry => ({ bytes: Buffer.from(text), executable });
