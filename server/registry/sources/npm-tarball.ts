import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pacote from 'pacote';
import { npmSettings } from '../../http-client/npm-settings.ts';
import type { NpmPackage } from '../spec/source-spec.ts';

export interface TarballOptions {
  signal: AbortSignal;
  /** Called with the bytes received so far; starts at 0 again when the download is tried anew. */
  onBytes(done: number): void;
}

/** Writes the tarball of an npm package to `target`. Rejects when the content has another checksum than `integrity`. */
export type FetchTarball = (source: NpmPackage, target: string, options: TarballOptions) => Promise<void>;

/** Without a byte for this long, a connection is taken for dead. */
const STALL_MS = 60_000;
const TRIES = 3;
/** Failures that pass by themselves. A checksum mismatch is tried again by pacote. */
const TRANSIENT = ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ESTALLED'];

/** Downloads with the user's own npm settings (registry or mirror, proxy, certificates), so what works for npm works here. */
export function npmTarballFetcher(env: NodeJS.ProcessEnv = process.env, stallMs = STALL_MS): FetchTarball {
  return async (source, target, options) => {
    const settings = await npmSettings(env);
    for (let attempt = 1; ; attempt++) {
      try {
        return await fetchOnce(source, target, options, settings, stallMs);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (options.signal.aborted || attempt === TRIES || !TRANSIENT.includes(code ?? '')) throw error;
      }
    }
  };
}

async function fetchOnce(
  source: NpmPackage,
  target: string,
  options: TarballOptions,
  settings: pacote.Options,
  stallMs: number,
): Promise<void> {
  const stalled = new AbortController();
  const signal = AbortSignal.any([options.signal, stalled.signal]);
  const timer = setTimeout(
    () => stalled.abort(Object.assign(new Error('no more data arrived'), { code: 'ESTALLED' })),
    stallMs,
  );
  const work = pacote.tarball.stream(
    `${source.package}@${source.version}`,
    async (stream) => {
      // The stream may fail once more after the loop has ended; without a listener that would end the process.
      stream.on('error', () => {});
      const file = await open(target, 'w');
      try {
        let done = 0;
        options.onBytes(0);
        for await (const chunk of stream as AsyncIterable<Uint8Array>) {
          signal.throwIfAborted();
          timer.refresh();
          await file.writeFile(chunk);
          done += chunk.length;
          options.onBytes(done);
        }
      } finally {
        await file.close();
      }
    },
    { ...settings, integrity: source.integrity, signal } as pacote.Options,
  );
  try {
    // pacote waits out its retry delays before it notices an abort; the caller should not.
    await Promise.race([work, aborted(signal)]);
  } catch (error) {
    if (!signal.aborted) throw error;
    // The file must be closed before the caller deletes it (Windows), but a dead connection may take long to admit it.
    await Promise.race([work.catch(() => {}), delay(2_000, undefined, { ref: false })]);
    throw signal.reason;
  } finally {
    clearTimeout(timer);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
