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

/**
 * What the system starts: Node and the script. Once there was an update these are the ones that were installed first,
 * which start the newer version (bin.mjs) and tell it so; links, tasks and launchers name them for good.
 */
export const starter = takeStarter(process.env) ?? {
  node: process.execPath,
  script: path.join(packageRoot, 'server', 'cli', 'bin.mjs'),
};

/** Taken away: it is not meant for programs that this one starts. */
function takeStarter(env: NodeJS.ProcessEnv): { node: string; script: string } | null {
  const text = env.HAIRLINE_STARTER;
  delete env.HAIRLINE_STARTER;
  if (!text) return null;
  const [node, script] = JSON.parse(text) as [string, string];
  return { node, script };
}
