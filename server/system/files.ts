import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Extension of incomplete files. An old one may be deleted. */
export const PART = '.part';

/** A name beside `target` that no other process uses. */
export function partName(target: string): string {
  return `${target}.${process.pid}-${randomBytes(4).toString('hex')}${PART}`;
}

/**
 * Writes a file that is either complete or absent, also after a crash: part file, flush, rename. Unlike
 * write-file-atomic this notices a short write, which is how a full disk shows itself with large files.
 */
export async function writeWhole(target: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const part = partName(target);
  try {
    const file = await open(part, 'wx');
    try {
      // A whole buffer each time: it is written on from where the last one ended, and short writes are noticed.
      for await (const chunk of content instanceof Uint8Array ? [content] : content) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await renamePatiently(part, target);
  } finally {
    await rm(part, { force: true });
  }
}

/** Virus scanners on Windows hold a new file open for a moment, during which it cannot be renamed. */
export async function renamePatiently(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const held = ['EPERM', 'EACCES', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (process.platform !== 'win32' || !held || attempt === 10) throw error;
      await delay(50 * attempt);
    }
  }
}
