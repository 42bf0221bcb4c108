import { existsSync } from 'node:fs';
import path from 'node:path';
import { OUTPUTS, type Output } from '../../../protocol/matte.ts';
import { type Input, isDocument } from './inputs.ts';

export const FORMATS = ['png', 'tiff', 'psd'] as const;
export type Format = (typeof FORMATS)[number];

/** What can be written of a picture; `picture` is the picture itself, for its clipping path. */
export const FILE_OUTPUTS = [...OUTPUTS, 'picture'] as const;
export type FileOutput = Output | 'picture';

export interface PlannedFile {
  /** `document`: a layered file with the matte as Layer Mask. `masked`: the input with a mask more. */
  kind: FileOutput | 'document' | 'masked';
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
  outputs: readonly FileOutput[];
  format: Format;
  /** Documents get a mask: each its own file, or itself. */
  into?: 'new' | 'same' | undefined;
  /** Of file names without their ending; see `checkTemplate`. */
  template?: string | undefined;
}

const PLACEHOLDER = /\{(name|output|index)\}/g;
const TEMPLATES = { flat: '{name}_{output}', psd: '{name}' } as const;

/**
 * A template has `{name}`, that of the picture without its ending, `{output}` and `{index}`, its number from 1, of equal length.
 * @returns what is wrong with one, or null
 */
export function checkTemplate(template: string, pictures: number, outputs: number): string | null {
  const rest = template.replace(PLACEHOLDER, 'x');
  if (/[{}]/.test(rest)) return 'it may have {name}, {output} and {index} in braces, nothing else';
  // Names must be right on every system, as folders are taken along.
  if (/[<>:"|?*\\\p{Cc}]/u.test(rest) || /(^|\/)(\.{1,2}|)(\/|$)/.test(rest))
    return 'it is no name of a file below a folder';
  if (pictures > 1 && !/\{(name|index)\}/.test(template)) return 'for several pictures it needs {name} or {index}';
  if (outputs > 1 && !template.includes('{output}')) return 'for several outputs it needs {output}';
  return null;
}

/** A picture that one of the files would replace, or null. */
export function findOverwritten(jobs: readonly Job[]): string | null {
  const key = (file: string) => path.resolve(file).normalize('NFC').toLowerCase();
  const originals = new Map(
    jobs.filter(({ input }) => !input.isUrl).map(({ input }) => [key(input.location), input.location]),
  );
  const hit = jobs.flatMap(({ files }) => files).find((file) => originals.has(key(file.path)));
  return hit ? originals.get(key(hit.path))! : null;
}

/** Gives every picture its own output names: no two pictures of a run write the same file. */
export function planJobs(inputs: readonly Input[], { outputDir, outputs, format, into, template }: PlanOptions): Job[] {
  const names = uniqueNames(inputs);
  return inputs.map((input, i) => {
    const index = String(i + 1).padStart(String(inputs.length).length, '0');
    const place = (kind: PlannedFile['kind'], template: string): string => {
      const values = { name: names[i]!, output: kind, index };
      const name = template.replace(PLACEHOLDER, (_, key: keyof typeof values) => values[key]);
      return path.join(outputDir, input.folder, name);
    };
    if (into) {
      const file =
        into === 'same' ? input.location : `${place('masked', template ?? TEMPLATES.flat)}.${input.extension}`;
      // Whether a document has been masked in place cannot be seen.
      return { input, files: [{ kind: 'masked', path: file }], done: into === 'new' && existsSync(file) };
    }
    const document = isDocument(input.location) ? TEMPLATES.flat.replace('{output}', 'masked') : TEMPLATES.psd;
    const files: PlannedFile[] =
      format === 'psd'
        ? [{ kind: 'document', path: `${place('document', template ?? document)}.psd` }]
        : outputs.map((kind) => ({ kind, path: `${place(kind, template ?? TEMPLATES.flat)}.${format}` }));
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
