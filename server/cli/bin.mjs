#!/usr/bin/env node
// Starts the compiled command line. In a checkout it compiles first when a source is newer than the last build; a
// packaged install has no sources and starts at once. Plain JavaScript, because it must run before anything is built.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const main = path.join(root, 'dist', 'server', 'cli', 'main.js');
const SOURCES = ['protocol', 'words', 'models', 'server', 'plugin', 'page', 'scripts', 'simulator'];
const SETTINGS = ['package-lock.json', 'tsconfig.json', 'manifest.json'];

if (isOutdated() && canBuild()) build();
if (!existsSync(main)) {
  console.error(
    'Hairline is not built, and its build tools are not installed. Run "npm ci" in its folder, then try again.',
  );
  process.exit(1);
}
const { run } = await import(pathToFileURL(main).href);
process.exitCode = await run(process.argv.slice(2));

function isOutdated() {
  const built = timeOf(path.join(root, 'dist', '.built'));
  if (built === 0 || !existsSync(main)) return true;
  return (
    SETTINGS.some((name) => timeOf(path.join(root, name)) > built) ||
    SOURCES.some((name) => newerIn(path.join(root, name), built))
  );
}

/** Whether anything in a folder changed after `built`. The folder's own mtime reveals deletions and renames. */
function newerIn(folder, built) {
  if (timeOf(folder) > built) return true;
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const location = path.join(folder, entry.name);
    return entry.isDirectory() ? newerIn(location, built) : timeOf(location) > built;
  });
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function canBuild() {
  const script = path.join(root, 'scripts', 'build.mjs');
  try {
    createRequire(script).resolve('typescript/package.json');
    return existsSync(script);
  } catch {
    return false;
  }
}

function build() {
  console.error('Building Hairline …');
  // Build output goes to stderr: stdout is for results.
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', 'build.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status === 0) return;
  console.error('The build failed; see above.');
  process.exit(1);
}
