import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EMBEDDED } from '../../scripts/bundle/app-folder.ts';
import { loadUserConfig } from '../../server/config/config.ts';
import { builtInModelsDir } from '../../server/registry/spec/spec-loader.ts';
import { OFFLINE } from '../fixtures/offline.ts';
import { type Answer, coverage, differ, expectedMask, mask } from './photo.ts';

/**
 * For the release workflow, on the system itself: `record <folder>` keeps the mask that this checkout gives the photo;
 * `try <files> <folder>` installs what was built, starts it, masks the photo, compares, and removes it.
 *
 * Processors round differently, so the masks of two systems are alike, not the same; of 255.
 */
const ALIKE = { largest: 24, mean: 0.2 };

const [command, ...folders] = process.argv.slice(2);
if (command === 'record' && folders.length === 1) await record(folders[0]!);
else if (command === 'try' && folders.length === 2) await tryOut(folders[0]!, folders[1]!);
else throw new Error('record <folder> | try <files> <folder>');

async function record(folder: string): Promise<void> {
  // With the networks of the bundle alone, whatever else this computer has.
  const cache = mkdtempSync(path.join(os.tmpdir(), 'hairline-smoke-'));
  try {
    for (const id of EMBEDDED) {
      const place = path.join('models', id);
      cpSync(path.join(loadUserConfig().cacheDir, place), path.join(cache, place), { recursive: true });
    }
    const { alpha, ...facts } = await expectedMask(builtInModelsDir, cache);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'alpha.raw'), alpha);
    writeFileSync(path.join(folder, 'answer.json'), JSON.stringify(facts));
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

async function tryOut(files: string, reference: string): Promise<void> {
  const work = mkdtempSync(path.join(os.tmpdir(), 'hairline smoke é '));
  // The whole path from the first start to the mask runs without a registry, and on the processor.
  const env = { ...process.env, ...OFFLINE, HAIRLINE_DEVICE: 'cpu', HAIRLINE_CACHE: path.join(work, 'cache') };
  const run = (program: string, args: readonly string[], options: { verbatim?: boolean } = {}) => {
    const stdio = ['ignore', 'pipe', 2] as ['ignore', 'pipe', 2];
    const windowsVerbatimArguments = options.verbatim ?? false;
    const { status, stdout, error } = spawnSync(program, args, {
      env,
      encoding: 'utf8',
      stdio,
      windowsVerbatimArguments,
    });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? status}`);
    return stdout;
  };
  try {
    const { hairline, remove } = install(files, work, run);
    const started = performance.now();
    hairline('serve', '--background');
    const { url } = JSON.parse(hairline('status', '--json')) as { url: string };
    const got = await mask(url);
    console.log(`First mask ${((performance.now() - started) / 1000).toFixed(1)} s after the start.`);
    const expected: Answer = {
      ...JSON.parse(readFileSync(path.join(reference, 'answer.json'), 'utf8')),
      alpha: new Uint8Array(readFileSync(path.join(reference, 'alpha.raw'))),
    };
    const { largest, mean } = differ(got, expected);
    console.log(
      `Differs by ${largest} of 255 at most, ${mean.toFixed(4)} on average; covers ${coverage(got).toFixed(3)}.`,
    );
    if (got.model !== expected.model || largest > ALIKE.largest || mean > ALIKE.mean) throw new Error('Another mask.');
    remove();
    if (await fetch(`${url}/health`).catch(() => null)) throw new Error('It still runs.');
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 10 });
  }
}

type Run = (program: string, args: readonly string[], options?: { verbatim?: boolean }) => string;

interface Installed {
  hairline(...args: string[]): string;
  remove(): void;
}

function install(files: string, work: string, run: Run): Installed {
  const find = (ending: string) => {
    const name = readdirSync(files).find((file) => file.endsWith(ending));
    if (!name) throw new Error(`There is no file *${ending} in ${files}.`);
    return path.resolve(files, name);
  };
  if (process.platform === 'win32') {
    const folder = path.join(work, 'Hairline');
    // The last option runs to the end of the line, without quotes.
    run(find('-win32-x64.exe'), ['/S', '/AUTOSTART=0', `/D=${folder}`], { verbatim: true });
    const bin = path.join(folder, 'app', 'server', 'cli', 'bin.mjs');
    return {
      hairline: (...args) => run(path.join(folder, 'node.exe'), [bin, ...args]),
      remove() {
        run(path.join(folder, 'uninstall.exe'), ['/S', `_?=${folder}`], { verbatim: true });
        // With that option it stays itself, as it cannot delete itself while it runs.
        const left = existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'uninstall.exe') : [];
        if (left.length > 0) throw new Error(`Left behind: ${left.join(', ')}`);
      },
    };
  }
  const mac = process.platform === 'darwin';
  if (mac) run('ditto', ['-x', '-k', find('-darwin-arm64.zip'), work]);
  else run('tar', ['-xzf', find('-linux-x64.tar.gz'), '-C', work]);
  if (mac) run('codesign', ['--verify', '--deep', '--strict', path.join(work, 'Hairline.app')]);
  const program = mac ? ['Hairline.app', 'Contents', 'MacOS', 'Hairline'] : ['Hairline', 'hairline'];
  const hairline = (...args: string[]) => run(path.join(work, ...program), args);
  return { hairline, remove: () => void hairline('uninstall', '--yes', '--models') };
}
