import { chmod, open, realpath } from 'node:fs/promises';
import type { Subject } from '../../../protocol/matte.ts';
import { AppError } from '../../errors.ts';
import { encodeAlphaPng } from '../../imaging/codec.ts';
import { readMaskFile } from '../../imaging/mask-file.ts';
import type { OpenLayer } from '../../imaging/psd/masked-document.ts';
import { openLayer } from '../../imaging/psd/open-layer.ts';
import { fileSource } from '../../imaging/psd/source.ts';
import { tracePath } from '../../matting/path/trace-path.ts';
import { writeWhole } from '../../system/files.ts';
import type { Connection } from './connection.ts';
import type { ReadMask } from './masks.ts';
import type { Job } from './plan.ts';
import { SourceError } from './source.ts';

/** What `--into psd` does to each document. */
export interface IntoOptions {
  /** Name of the layer; absent: the lowest visible pixel layer. */
  layer?: string | undefined;
  model: string;
  subject: Subject;
  settings: Readonly<Record<string, string>>;
  /** Null: no path. */
  pathTolerance: number | null;
  /** Absent: masks are made from nothing. */
  readMask?: ReadMask | undefined;
}

export interface Masked {
  path: string;
  hasSubject: boolean;
  /** Whether it had a clipping path, which stays beside the new path. */
  hasOtherPath: boolean;
}

/**
 * Writes a document again with the matte of one layer as its Layer Mask; every other byte is copied. The document is read piece
 * by piece, whatever its size.
 * @throws {SourceError | AppError | CannotMask}
 */
export async function maskDocument(
  job: Job,
  connection: Connection,
  { layer: wanted, model, subject, settings, pathTolerance, readMask }: IntoOptions,
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
    const mask = readMask && (await fitMask(await readMask(job.input), layer));
    const request = { type: 'image/tiff' as const, mask, model, subject, depth: layer.depth, settings };
    const answer = await connection.matte({ bytes: await layer.readPicture(), ...request }, onDownload);
    const { alpha, hasSubject } = answer;
    if (alpha.width !== layer.width || alpha.height !== layer.height)
      throw new AppError('INTERNAL', 'The server returned a matte whose size differs from the layer.');
    const wished = job.files[0]!.path;
    // A link stays one.
    const path = wished === location ? await realpath(location) : wished;
    const outline = pathTolerance === null ? null : await tracePath(alpha, pathTolerance, signal);
    const { chunks, path: added } = await layer.addMask(alpha, outline, signal);
    await writeWhole(path, closing(chunks, file));
    await chmod(path, mode);
    return { path, hasSubject, hasOtherPath: added?.clips === false };
  } finally {
    await file.close();
  }
}

/** A mask of the layer's size stays as it is; of one of the canvas's size, the layer's part is taken. */
async function fitMask(file: Buffer, { name, width, height, left, top, canvas }: OpenLayer): Promise<Buffer> {
  const isFit = (size: { width: number; height: number }) => size.width === width && size.height === height;
  const whole = await readMaskFile(file, (size) => {
    if (isFit(size) || (size.width === canvas.width && size.height === canvas.height)) return;
    throw new SourceError(
      `The mask is ${size.width} x ${size.height} pixels, layer "${name}" ${width} x ${height}, the document ${canvas.width} x ${canvas.height}.`,
      'Make it as large as the document or as the layer.',
    );
  });
  if (isFit(whole)) return file;
  const data = new Uint16Array(width * height);
  const [from, to] = [Math.max(0, -left), Math.min(width, canvas.width - left)];
  for (let y = Math.max(0, -top); y < Math.min(height, canvas.height - top); y++) {
    const line = (y + top) * canvas.width + left;
    if (to > from) data.set(whole.data.subarray(line + from, line + to), y * width + from);
  }
  return encodeAlphaPng({ width, height, data });
}

/** Windows replaces no file that is open: it is closed before the new one is renamed. */
async function* closing(chunks: AsyncIterable<Buffer>, file: { close(): Promise<void> }) {
  yield* chunks;
  await file.close();
}
