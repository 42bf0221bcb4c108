import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ENCODED_TYPES } from '../../../protocol/matte.ts';
import { sniffType } from '../../imaging/formats.ts';
import { UsageError } from '../terminal.ts';
import type { Input } from './inputs.ts';
import { SourceError } from './source.ts';

/** The mask of a picture, as its file's bytes. @throws {SourceError} */
export type ReadMask = (input: Input) => Promise<Buffer>;

/**
 * @param given a picture, for one input, or a folder of masks with the names of their pictures
 * @throws {UsageError} when it does not exist, or is one file for several pictures
 */
export async function openMasks(given: string, inputs: readonly Input[]): Promise<ReadMask> {
  const found = await stat(given).catch(() => null);
  if (!found) throw new UsageError(`--mask: there is no file or folder ${given}.`);
  if (!found.isDirectory()) {
    if (inputs.length > 1) throw new UsageError('--mask with one file takes one picture. Give a folder for several.');
    return () => readMask(given);
  }
  const files = await readdir(given);
  return async ({ stem }) => {
    const named = files.filter((file) => path.parse(file).name === stem);
    if (named.length === 1) return readMask(path.join(given, named[0]!));
    throw new SourceError(
      named.length === 0
        ? `There is no mask called ${stem} in ${given}.`
        : `${given} has several masks called ${stem}.`,
      'Each picture needs one mask with the same name before the extension.',
    );
  };
}

async function readMask(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((cause) => {
    throw new SourceError(`The mask ${file} cannot be read.`, 'Check the path and its permissions.', { cause });
  });
  if (sniffType(bytes)) return bytes;
  const types = ENCODED_TYPES.map((type) => type.slice('image/'.length).toUpperCase());
  throw new SourceError(`The mask ${file} is not a picture.`, `Masks are read from ${types.join(', ')}.`);
}
