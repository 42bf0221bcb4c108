import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled code runs from `dist/server`, the tests from `server`: walk up until the package itself is found. */
function findPackage(start: string): { root: string; version: string } {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (name === 'hairline' && version) return { root: folder, version };
    }
    if (path.dirname(folder) === folder) throw new Error(`No package.json of hairline above ${start}.`);
  }
}

const found = findPackage(path.dirname(fileURLToPath(import.meta.url)));

/** Folder of Hairline's own package.json. */
export const packageRoot = found.root;
export const VERSION = found.version;
