import { chmod, open, realpath } from 'node:fs/promises';
import type { Subject } from '../../../protocol/matte.ts';
import { AppError } from '../../errors.ts';
import { openLayer } from '../../imaging/psd/open-layer.ts';
import { fileSource } from '../../imaging/psd/source.ts';
import { writeWhole } from '../../system/files.ts';
import type { Connection } from './connection.ts';
import type { Job } from './plan.ts';
import { SourceError } from './source.ts';

/** What `--into psd` does to each document. */
export interface IntoOptions {
  /** Name of the layer; absent: the lowest visible pixel layer. */
  layer?: string | undefined;
  model: string;
  subject: Subject;
  settings: Readonly<Record<string, string>>;
}

export interface Masked {
  path: string;
  hasSubject: boolean;
  /** Models that ran. */
  model: string;
}

/**
 * Writes a document again with the matte of one layer as its Layer Mask; every other byte is copied. The document is read piece
 * by piece, whatever its size.
 * @throws {SourceError | AppError | CannotMask}
 */
export async function maskDocument(
  job: Job,
  connection: Connection,
  { layer: wanted, model, subject, settings }: IntoOptions,
  onDownload: (message: string) => void,
  signal: AbortSignal,
): Promise<Masked> {
  const { location, isUrl } = job.input;
  if (isUrl) throw new SourceError('--into takes files only.', 'Download it, then name the file.');
  const file = await open(location, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new SourceError(`Cannot read it (${cause.code}).`, 'Check the path and the permissions.', { cause });
  });
  try {
    const { size, mode } = await file.stat();
    const source = fileSource(file, size);
    if (size < 4 || (await source.read(0, 4)).toString('latin1') !== '8BPS')
      throw new SourceError('It is no Photoshop document.', '--into psd takes .psd and .psb files.');
    const layer = await openLayer(source, wanted);
    const request = { type: 'image/tiff' as const, model, subject, depth: layer.depth, settings };
    const answer = await connection.matte({ bytes: await layer.readPicture(), ...request }, onDownload);
    const { alpha, hasSubject, model: used } = answer;
    if (alpha.width !== layer.width || alpha.height !== layer.height)
      throw new AppError('INTERNAL', 'The server returned a matte whose size differs from the layer.');
    const wished = job.files[0]!.path;
    // A link stays one.
    const path = wished === location ? await realpath(location) : wished;
    const { chunks } = await layer.addMask(alpha, signal);
    await writeWhole(path, closing(chunks, file));
    await chmod(path, mode);
    return { path, hasSubject, model: used };
  } finally {
    await file.close();
  }
}

/** Windows replaces no file that is open: it is closed before the new one is renamed. */
async function* closing(chunks: AsyncIterable<Buffer>, file: { close(): Promise<void> }) {
  yield* chunks;
  await file.close();
}
