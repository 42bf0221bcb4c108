import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { glob } from 'tinyglobby';
import { TYPE_BY_ENDING } from '../../../protocol/endings.ts';
import { OUTPUTS } from '../../../protocol/matte.ts';

/** One picture to process. */
export interface Input {
  /** As displayed and compared for duplicates: an absolute path or a URL. */
  location: string;
  isUrl: boolean;
  /** Folder below the output folder, `''` for the output folder itself. Mirrors the input folder. */
  folder: string;
  /** File name without its extension. */
  stem: string;
  /** Lower case, without the dot; `''` when there is none. */
  extension: string;
}

export interface Expansion {
  inputs: Input[];
  /** An input that does not exist or cannot be listed. */
  problems: { location: string; message: string; hint: string }[];
  /** Camera raw files beside the same picture as JPEG or HEIC, which is an input. */
  twins: string[];
}

/** Pictures too, which are listed with a reason: nothing that a folder has is left out without a word. */
const UNREAD = new Set('jp2 j2k jpx jxl tga exr hdr ppm pgm pbm pnm crw x3f'.split(' '));
const OUTPUT_NAME = new RegExp(`(_(${OUTPUTS.join('|')}|picture)\\.(png|tiff?)|_masked\\.ps[db])$`, 'i');

/** Expands files, folders and URLs into pictures, in the order given, folders sorted by name, each picture once. */
export async function expandInputs(given: readonly string[], outputDir: string, cwd: string): Promise<Expansion> {
  const expansion: Expansion = { inputs: [], problems: [], twins: [] };
  const output = await canonical(path.resolve(cwd, outputDir));
  for (const entry of given) {
    if (isUrl(entry)) expansion.inputs.push(urlInput(entry));
    else for (const location of await expandPattern(entry, cwd)) await addPath(expansion, location, output);
  }
  const seen = new Set<string>();
  expansion.inputs = expansion.inputs.filter(({ location }) => !seen.has(location) && seen.add(location));
  takeTwinsOut(expansion);
  return expansion;
}

/** Cameras write a shot as raw and as JPEG or HEIC; of the raw file no more than its preview is read, which is the same picture. */
function takeTwinsOut(expansion: Expansion): void {
  const typeOf = ({ extension }: Input) =>
    Object.hasOwn(TYPE_BY_ENDING, extension) ? TYPE_BY_ENDING[extension] : undefined;
  const shotOf = ({ location }: Input) => {
    const { dir, name } = path.parse(location);
    return path.join(dir, name).toLowerCase();
  };
  const developed = new Set(
    expansion.inputs
      .filter((input) => ['image/jpeg', 'image/heic', 'image/heif'].includes(typeOf(input) ?? ''))
      .map(shotOf),
  );
  const isTwin = (input: Input) => typeOf(input) === 'image/x-dcraw' && developed.has(shotOf(input));
  expansion.twins = expansion.inputs.filter(isTwin).map(({ location }) => location);
  expansion.inputs = expansion.inputs.filter((input) => !isTwin(input));
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** The Windows shell does not expand `*.jpg`. A file with that literal name wins over the pattern. */
async function expandPattern(entry: string, cwd: string): Promise<string[]> {
  const location = path.resolve(cwd, entry);
  if (!/[*?]/.test(entry) || existsSync(location)) return [location];
  const pattern = process.platform === 'win32' ? entry.replaceAll('\\', '/') : entry;
  const matches = await glob(pattern, { cwd, absolute: true, caseSensitiveMatch: false, expandDirectories: false });
  return matches.length > 0 ? matches.sort().map((match) => path.resolve(match)) : [location];
}

async function addPath(expansion: Expansion, location: string, output: string): Promise<void> {
  try {
    const found = await stat(location);
    if (found.isDirectory()) await addFolder(expansion, location, location, output);
    // A file named explicitly is tried whatever its extension; its content decides.
    else expansion.inputs.push(fileInput(location, ''));
  } catch (error) {
    expansion.problems.push(unreadable(location, error));
  }
}

async function addFolder(expansion: Expansion, root: string, folder: string, output: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  // Results of an earlier run next to the originals are not inputs; a document beside a picture of its name is one of them.
  const pictures = new Set(entries.filter(({ name }) => !isDocument(name)).map(({ name }) => splitName(name).stem));
  const amongResults = (await canonical(root)) === output;
  for (const entry of entries) {
    const location = path.join(folder, entry.name);
    // Hidden files include the AppleDouble files that macOS leaves on memory cards (`._IMG_1234.JPG`).
    if (entry.name.startsWith('.')) continue;
    try {
      if (entry.isDirectory()) {
        const isOutput = (await canonical(location)) === output;
        if (!isOutput) await addFolder(expansion, root, location, output);
        continue;
      }
      const isFile = entry.isFile() || (entry.isSymbolicLink() && (await stat(location)).isFile());
      const { extension } = path.extname(entry.name) ? splitName(entry.name) : { extension: '' };
      if (!isFile) continue;
      if (
        amongResults &&
        (OUTPUT_NAME.test(entry.name) || (isDocument(entry.name) && pictures.has(splitName(entry.name).stem)))
      )
        continue;
      if (UNREAD.has(extension)) expansion.problems.push(unread(location, extension));
      if (!Object.hasOwn(TYPE_BY_ENDING, extension)) continue;
      expansion.inputs.push(fileInput(location, path.relative(root, folder)));
    } catch (error) {
      expansion.problems.push(unreadable(location, error));
    }
  }
}

export function isDocument(name: string): boolean {
  return /\.ps[db]$/i.test(name);
}

export function fileInput(location: string, folder: string): Input {
  return { location, isUrl: false, folder, ...splitName(path.basename(location)) };
}

function urlInput(url: string): Input {
  let name = '';
  try {
    name = decodeURIComponent(path.posix.basename(new URL(url).pathname));
  } catch {
    // An invalid URL fails when it is fetched, with its own error.
  }
  const { stem, extension } = splitName(safeName(name));
  return { location: url, isUrl: true, folder: '', stem: stem || 'picture', extension };
}

function splitName(name: string): { stem: string; extension: string } {
  const { name: stem, ext } = path.parse(name);
  return { stem, extension: ext.slice(1).toLowerCase() };
}

/** A name that is valid on every file system. */
function safeName(name: string): string {
  const plain = name
    .replace(/[<>:"/\\|?*\p{Cc}]/gu, '_')
    .slice(-100)
    .replace(/^\.+/, '');
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain) ? `_${plain}` : plain;
}

/** Whether a file would be tried, or listed with the reason why not. */
export function isPictureName(name: string): boolean {
  const { extension } = splitName(name);
  return UNREAD.has(extension) || Object.hasOwn(TYPE_BY_ENDING, extension);
}

/** Why a picture cannot be read, by its name; null where it is tried. */
export function describeUnread(location: string): Expansion['problems'][number] | null {
  const { extension } = splitName(path.basename(location));
  return UNREAD.has(extension) ? unread(location, extension) : null;
}

function unread(location: string, extension: string): Expansion['problems'][number] {
  const message = `Hairline cannot read .${extension} files.`;
  return { location, message, hint: 'Save it as TIFF, PNG or JPEG, then run the command again.' };
}

function unreadable(location: string, error: unknown): Expansion['problems'][number] {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT'
    ? {
        location,
        message: 'There is no such file or folder.',
        hint: 'Check the path; put quotes around one with spaces.',
      }
    : { location, message: `Cannot read it (${code}).`, hint: 'Check the permissions.' };
}

/** Real path of a folder, also of one that does not exist yet. */
async function canonical(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    const parent = path.dirname(folder);
    return parent === folder ? folder : path.join(await canonical(parent), path.basename(folder));
  }
}
