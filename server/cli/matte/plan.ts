import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Output } from '../../../protocol/matte.ts';
import { type Input, isDocument } from './inputs.ts';

export const FORMATS = ['png', 'tiff', 'psd'] as const;
export type Format = (typeof FORMATS)[number];

export interface PlannedFile {
  /** `document`: a layered file with the matte as Layer Mask. `masked`: the input with a mask more. */
  kind: Output | 'document' | 'masked';
  path: string;
}

export interface Job {
  input: Input;
  files: PlannedFile[];
  /** All its files exist already. */
  done: boolean;
}

export interface PlanOptions {
  /** Absolute. */
  outputDir: string;
  outputs: readonly Output[];
  format: Format;
  /** Documents get a mask: each its own file, or itself. */
  into?: 'new' | 'same' | undefined;
}

/** Gives every picture its own output names: no two pictures of a run write the same file. */
export function planJobs(inputs: readonly Input[], options: PlanOptions): Job[] {
  const names = uniqueNames(inputs);
  return inputs.map((input, i) => {
    const base = path.join(options.outputDir, input.folder, names[i]!);
    if (options.into) {
      const file = options.into === 'same' ? input.location : `${base}_masked.${input.extension}`;
      // Whether a document has been masked in place cannot be seen.
      return { input, files: [{ kind: 'masked', path: file }], done: options.into === 'new' && existsSync(file) };
    }
    const files: PlannedFile[] =
      options.format === 'psd'
        ? [{ kind: 'document', path: `${base}${isDocument(input.location) ? '_masked' : ''}.psd` }]
        : options.outputs.map((kind) => ({ kind, path: `${base}_${kind}.${options.format}` }));
    return { input, files, done: files.every(isThere) };
  });
}

/** Files are written atomically, so an existing file is complete. */
function isThere({ kind, path: file }: PlannedFile): boolean {
  return existsSync(file) || (kind === 'document' && existsSync(largePath(file)));
}

/** Path of a document that turns out to be too large for a PSD. */
export function largePath(file: string): string {
  return file.replace(/\.psd$/, '.psb');
}

/**
 * `a` for `a.jpg`; if `a.png` is there too, `a_jpg` and `a_png`; a number if even that is taken. Compared
 * case-insensitively, because Windows and macOS do.
 */
function uniqueNames(inputs: readonly Input[]): string[] {
  const key = (input: Input, name: string) => path.join(input.folder, name).normalize('NFC').toLowerCase();
  const sharers = new Map<string, number>();
  for (const input of inputs) {
    const stem = key(input, input.stem);
    sharers.set(stem, (sharers.get(stem) ?? 0) + 1);
  }
  const isShared = (input: Input) => (sharers.get(key(input, input.stem)) ?? 0) > 1;
  // Pictures that keep their plain name claim it first, whatever their place in the list.
  const taken = new Set(inputs.filter((input) => !isShared(input)).map((input) => key(input, input.stem)));
  return inputs.map((input) => {
    if (!isShared(input)) return input.stem;
    const long = `${input.stem}_${input.extension || 'picture'}`;
    let name = long;
    for (let n = 2; taken.has(key(input, name)); n++) name = `${long}_${n}`;
    taken.add(key(input, name));
    return name;
  });
}
