import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The text of a file, or null when there is none. */
export async function readText(file: string, encoding: 'utf8' | 'utf16le' = 'utf8'): Promise<string | null> {
  try {
    return await readFile(file, encoding);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export async function writeWithFolder(
  file: string,
  text: string,
  encoding: 'utf8' | 'utf16le' = 'utf8',
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text, encoding);
}
