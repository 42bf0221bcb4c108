import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../server/system/package-root.ts';
import { cache, pins } from './runtimes.ts';

const SOURCE = path.join(packageRoot, 'scripts', 'bundle', 'launcher.c');

/** As Node in the bundle: Apple silicon, macOS 13. */
export const MAC_TARGET = 'aarch64-macos.13.0';

/** Compiles the main program of the Mac app, on any system, with a C compiler out of a Python package. */
export function compileLauncher(target = MAC_TARGET): Buffer {
  const { version } = pins.compiler;
  const key = createHash('sha256')
    .update(readFileSync(SOURCE))
    .update(target + version)
    .digest('hex')
    .slice(0, 16);
  const file = path.join(cache, 'launchers', key);
  if (!existsSync(file)) {
    appear(file, (part) => {
      const compiler = path.join(fetchCompiler(), 'ziglang', 'zig');
      execFileSync(compiler, ['cc', '-target', target, '-Os', '-o', part, SOURCE], { stdio: ['ignore', 2, 2] });
    });
  }
  return readFileSync(file);
}

function fetchCompiler(): string {
  const { version, sha256 } = pins.compiler;
  const folder = path.join(cache, 'compilers', `ziglang-${version}`);
  if (!existsSync(folder)) {
    appear(folder, (part) => {
      const requirements = `${part}.txt`;
      writeFileSync(requirements, `ziglang==${version} ${sha256.map((sum) => `--hash=sha256:${sum}`).join(' ')}\n`);
      const options = ['--quiet', '--no-deps', '--no-compile', '--only-binary=:all:', '--require-hashes'];
      execFileSync('python3', ['-m', 'pip', 'install', ...options, '--target', part, '-r', requirements], {
        stdio: ['ignore', 2, 2],
      });
    });
  }
  return folder;
}

/** A file or folder that appears complete or not at all. */
function appear(target: string, make: (part: string) => void): void {
  mkdirSync(path.dirname(target), { recursive: true });
  const work = mkdtempSync(path.join(path.dirname(target), '.part-'));
  try {
    make(path.join(work, 'made'));
    renameSync(path.join(work, 'made'), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
