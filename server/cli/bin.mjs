#!/usr/bin/env node
// Starts the compiled command line; of an app that "hairline update" has updated, that of the newer version. In a
// checkout it compiles first when a source is newer than the last build; a packaged install has no sources and starts at
// once. Plain JavaScript, because it must run before anything is built.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const main = path.join(root, 'dist', 'server', 'cli', 'main.js');
const SOURCES = ['protocol', 'words', 'models', 'server', 'plugin', 'page', 'scripts', 'simulator'];
const SETTINGS = ['package-lock.json', 'tsconfig.json', 'manifest.json'];

const newer = findNewer();
process.exitCode = newer ? await startNewer(newer) : await startOwn();

async function startOwn() {
  if (isOutdated() && canBuild()) build();
  if (!existsSync(main)) {
    console.error(
      'Hairline is not built, and its build tools are not installed. Run "npm ci" in its folder, then try again.',
    );
    return 1;
  }
  const { run } = await import(pathToFileURL(main).href);
  return run(process.argv.slice(2));
}

/** The version that "hairline update" has installed and chosen, if there is one: see server/update/installation.ts. */
function findNewer() {
  if (!existsSync(path.join(root, 'bundle.json'))) return null;
  const isMac = process.platform === 'darwin';
  const folder = isMac
    ? path.join(os.homedir(), 'Library', 'Application Support', 'hairline', 'versions')
    : path.join(root, '..', 'versions');
  try {
    const { base, version } = readJson(path.join(folder, 'current.json'));
    // Otherwise this is that version itself, or a newer installation than the one that was updated.
    const isOurs = base === readJson(path.join(root, 'package.json')).version && base !== version;
    if (!isOurs || !/^\d+\.\d+\.\d+$/.test(version)) return null;
    const place = path.join(folder, version, ...(isMac ? ['Hairline.app', 'Contents'] : []));
    const node = path.join(place, ...(isMac ? ['MacOS'] : []), path.basename(process.execPath));
    const script = path.join(place, ...(isMac ? ['Resources'] : []), 'app', 'server', 'cli', 'bin.mjs');
    return existsSync(node) && existsSync(script) ? { node, script } : null;
  } catch {
    return null;
  }
}

/** In this process's place where the system can do that; elsewhere, as on Windows, this one waits for it. */
async function startNewer({ node, script }) {
  // What the system starts stays this program, whichever version it leads to.
  const env = { ...process.env, HAIRLINE_STARTER: JSON.stringify([process.execPath, fileURLToPath(import.meta.url)]) };
  const args = [script, ...process.argv.slice(2)];
  if (process.execve && process.platform !== 'win32') process.execve(node, [node, ...args], env);
  const child = spawn(node, args, { stdio: 'inherit', windowsHide: true, env });
  // A terminal sends Ctrl-C to both.
  for (const signal of ['SIGINT', 'SIGBREAK']) process.on(signal, () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`Hairline could not start: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

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
