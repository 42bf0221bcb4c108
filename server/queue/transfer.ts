import { Readable } from 'node:stream';
import { CHUNK_BYTES, type ChunkStore, type Place } from './chunks.ts';
import { SealError, type Sealer } from './seal.ts';

/** Chunks on their way at a time, in each direction. */
const AT_ONCE = 2;

/** Chunks are gone: the queue has lost them, or they were too old. */
export class ChunksGone extends Error {
  override name = 'ChunksGone';
}

export interface Sent {
  chunks: number;
  bytes: number;
}

/** Moves pictures and results through a chunk store, sealed, with a few chunks in memory at a time. */
export class Transfer {
  readonly #store: ChunkStore;
  readonly #sealer: Sealer;

  constructor(store: ChunkStore, sealer: Sealer) {
    this.#store = store;
    this.#sealer = sealer;
  }

  /**
   * @param ttl milliseconds
   * @param onChunk told before each chunk is put how many there are then, so that a caller that fails can delete them
   */
  async send(
    place: Place,
    body: Buffer | Readable,
    ttl: number,
    { signal, onChunk }: { signal?: AbortSignal; onChunk?: (count: number) => void } = {},
  ): Promise<Sent> {
    const under = new Set<Promise<void>>();
    let chunks = 0;
    let bytes = 0;
    for await (const plain of Buffer.isBuffer(body) ? cut(body) : gather(body)) {
      signal?.throwIfAborted();
      const index = chunks++;
      bytes += plain.length;
      onChunk?.(chunks);
      const sealed = this.#sealer.seal(place.job, nameOf(place, index), plain);
      const put = this.#store.put(place, index, sealed, ttl).finally(() => under.delete(put));
      under.add(put);
      // Awaited below; a failure must not count as unhandled until then.
      put.catch(() => undefined);
      if (under.size >= AT_ONCE) await Promise.race(under);
    }
    await Promise.all(under);
    return { chunks, bytes };
  }

  /** The whole, in one buffer. @throws {ChunksGone}, {SealError} */
  async receive(place: Place, { chunks, bytes }: Sent, signal?: AbortSignal): Promise<Buffer> {
    // `allocUnsafeSlow`: not from the shared pool, so that the memory is released with the picture.
    const whole = Buffer.allocUnsafeSlow(bytes);
    let filled = 0;
    for await (const plain of this.#chunks(place, chunks)) {
      signal?.throwIfAborted();
      if (filled + plain.length > bytes) throw new SealError('It is longer than was said.');
      filled += plain.copy(whole, filled);
    }
    if (filled !== bytes) throw new SealError('It is shorter than was said.');
    return whole;
  }

  /** Piece by piece, each deleted once it was read. @param onEnd called once, however it ends */
  stream(place: Place, { chunks, bytes }: Sent, onEnd: () => void): Readable {
    const read = async function* (this: Transfer) {
      let left = bytes;
      for await (const plain of this.#chunks(place, chunks)) {
        left -= plain.length;
        yield plain;
      }
      if (left !== 0) throw new SealError('It is not as long as was said.');
    }.call(this);
    const stream = Readable.from(read, { objectMode: false, highWaterMark: CHUNK_BYTES });
    stream.once('close', onEnd);
    return stream;
  }

  drop(place: Place, count: number): Promise<void> {
    return this.#store.drop(place, count);
  }

  sweep(server: string, isOver: (job: string) => boolean): Promise<void> {
    return this.#store.sweep(server, isOver);
  }

  /** In order, the next one under way while one is worked on. */
  async *#chunks(place: Place, count: number): AsyncGenerator<Buffer> {
    const fetch = (index: number) => {
      const got = this.#store.get(place, index);
      got.catch(() => undefined);
      return got;
    };
    const ahead = Array.from({ length: Math.min(AT_ONCE, count) }, (_, index) => fetch(index));
    for (let index = 0; index < count; index++) {
      const sealed = await ahead.shift()!;
      if (!sealed) throw new ChunksGone(`Chunk ${index} of ${count} is gone.`);
      if (index + AT_ONCE < count) ahead.push(fetch(index + AT_ONCE));
      yield this.#sealer.open(place.job, nameOf(place, index), sealed);
    }
  }
}

function nameOf({ side }: Place, index: number): string {
  return `chunk ${side} ${index}`;
}

function* cut(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
}

/** A stream's pieces, joined to whole chunks. */
async function* gather(body: Readable): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + CHUNK_BYTES - length);
      pieces.push(part);
      length += part.length;
      at += part.length;
      if (length < CHUNK_BYTES) continue;
      yield Buffer.concat(pieces);
      [pieces, length] = [[], 0];
    }
  }
  if (length > 0) yield Buffer.concat(pieces);
}
