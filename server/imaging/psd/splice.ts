import type { ByteSource } from './source.ts';

/** Bytes of a known number that are made while they are written. */
export interface Insertion {
  bytes: number;
  chunks(): AsyncIterable<Buffer>;
}

/** What takes the place of some bytes of a file. */
export interface Edit {
  at: number;
  remove: number;
  insert: Buffer | Insertion;
}

/** Bytes that are copied at a time. */
const CHUNK = 1 << 20;

export function inserted({ insert }: Edit): number {
  return Buffer.isBuffer(insert) ? insert.length : insert.bytes;
}

export function growth(edits: readonly Edit[]): number {
  return edits.reduce((sum, edit) => sum + inserted(edit) - edit.remove, 0);
}

/** The source with the edits; everything else is copied byte by byte. Edits of one place come in their
 * order, those that remove nothing first. */
export async function* splice(
  source: ByteSource,
  edits: readonly Edit[],
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  let at = 0;
  for (const { at: place, remove, insert } of [...edits].sort((a, b) => a.at - b.at || a.remove - b.remove)) {
    if (place < at) throw new RangeError('Two edits overlap.');
    yield* copy(source, at, place, signal);
    if (Buffer.isBuffer(insert)) yield insert;
    else yield* insert.chunks();
    at = place + remove;
  }
  yield* copy(source, at, source.length, signal);
}

export async function* copy(
  source: ByteSource,
  start: number,
  end: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += CHUNK) {
    signal?.throwIfAborted();
    yield await source.read(at, Math.min(CHUNK, end - at));
  }
}
