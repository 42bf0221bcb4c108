import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { Picture, Raster } from '../imaging/picture.ts';
import type { Plane16 } from './edge/plane.ts';
import type { ColorMemory } from './foreground/color-memory.ts';

/** A finished matte and what its colors can be read from again. */
export interface KeptMatte {
  alpha: Plane16;
  /** Null when the matte fitted in but its picture did not. */
  picture: Picture | null;
  /** Id of the model that made it, and the execution provider that ran. */
  model: string;
  provider: string;
}

/** Copies for previews, reduced once and kept for the next turn of a slider. */
export interface Preview {
  alpha: Plane16;
  /** 8-bit straight RGB(A), once asked for. */
  picture: Raster | null;
  /** Estimated colors, once asked for. */
  colors: ColorMemory | null;
}

interface Entry extends KeptMatte {
  bytes: number;
  preview: Preview | null;
  timer: NodeJS.Timeout;
}

export interface CacheLimits {
  maxBytes: number;
  /** Milliseconds after its last use that a matte is dropped. */
  keepFor: number;
}

/**
 * Keeps mattes for edge controls: least recently used ones go first when the bytes run out, and every one goes a while
 * after its last use. Pictures are unpublished work, so ids cannot be guessed and nothing outlives the process.
 */
export class MatteCache {
  readonly #entries = new Map<string, Entry>();
  readonly #limits: CacheLimits;
  #bytes = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * @param pictureBytes what the picture holds on to: the file or the raw pixels
   * @returns an id, also for a matte that is too large to be kept
   */
  add(matte: KeptMatte, pictureBytes: number): string {
    const id = randomUUID();
    const alphaBytes = matte.alpha.data.byteLength;
    if (alphaBytes > this.#limits.maxBytes) return id;
    const fits = matte.picture !== null && alphaBytes + pictureBytes <= this.#limits.maxBytes;
    const entry: Entry = {
      ...matte,
      picture: fits ? matte.picture : null,
      bytes: alphaBytes + (fits ? pictureBytes : 0),
      preview: null,
      timer: this.#expire(id),
    };
    this.#entries.set(id, entry);
    this.#bytes += entry.bytes;
    this.#makeRoom();
    return id;
  }

  /**
   * Counts as a use.
   * @throws {AppError} MATTE_GONE
   */
  get(id: string): KeptMatte & { preview: Preview | null } {
    const entry = this.#entries.get(id);
    if (!entry) throw new AppError('MATTE_GONE');
    clearTimeout(entry.timer);
    entry.timer = this.#expire(id);
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry;
  }

  /** Replaces the preview of a matte that may have gone in the meantime. */
  setPreview(id: string, preview: Preview): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const change = sizeOf(preview) - sizeOf(entry.preview);
    entry.preview = preview;
    entry.bytes += change;
    this.#bytes += change;
    this.#makeRoom();
  }

  /** @returns whether there was one */
  delete(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    clearTimeout(entry.timer);
    this.#entries.delete(id);
    this.#bytes -= entry.bytes;
    return true;
  }

  close(): void {
    for (const id of this.#entries.keys()) this.delete(id);
  }

  #makeRoom(): void {
    for (const id of this.#entries.keys()) {
      if (this.#bytes <= this.#limits.maxBytes) return;
      this.delete(id);
    }
  }

  #expire(id: string): NodeJS.Timeout {
    return setTimeout(() => this.delete(id), this.#limits.keepFor).unref();
  }
}

function sizeOf(preview: Preview | null): number {
  if (!preview) return 0;
  const { alpha, picture, colors } = preview;
  return alpha.data.byteLength + (picture?.data.byteLength ?? 0) + (colors?.bytes ?? 0);
}
