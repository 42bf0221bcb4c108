import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { extract } from 'tar';
import { loadUserConfig } from '../../server/config/config.ts';
import { createModelRegistry } from '../../server/registry/cached-registry.ts';
import { builtInModelsDir } from '../../server/registry/spec/spec-loader.ts';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { type Platform, pins } from './runtimes.ts';

/** Networks that the first mask runs, where there is no network yet. */
export const EMBEDDED = ['rvm', 'rvm-wide'];

/** npm is a script on Windows, which only a shell starts. */
const npm = (args: readonly string[], cwd: string) =>
  execFileSync('npm', [...args], { cwd, stdio: ['ignore', 'pipe', 2], shell: process.platform === 'win32' });

/**
 * Lays out the app as `npm pack` ships it, with the dependencies of one platform and the embedded networks. The licenses
 * are still to be collected from it: `pruneApp` takes them away with everything else that nothing reads.
 */
export async function stageApp(platform: Platform, app: string): Promise<void> {
  const work = path.dirname(app);
  mkdirSync(app, { recursive: true });
  npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', work], packageRoot);
  const tarball = path.join(work, `hairline-${VERSION}.tgz`);
  await extract({ file: tarball, cwd: app, strip: 1 });
  rmSync(tarball);
  const lock = path.join(app, 'package-lock.json');
  cpSync(path.join(packageRoot, 'package-lock.json'), lock);
  const [os, cpu] = platform.split('-');
  const target = [`--os=${os}`, `--cpu=${cpu}`, ...(os === 'linux' ? ['--libc=glibc'] : [])];
  npm(['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', ...target], app);
  rmSync(lock);
  await embedModels(path.join(app, 'models'));
  // Where "hairline update" looks, of apps that the release workflow builds.
  const { GITHUB_REPOSITORY: repository } = process.env;
  const releases = repository ? `https://api.github.com/repos/${repository}/releases/latest` : null;
  const facts = { platform, node: pins.node.version, releases };
  writeFileSync(path.join(app, 'bundle.json'), `${JSON.stringify(facts, null, 2)}\n`);
}

/** The weights lie beside their specs, where the registry looks after the user's own folder. */
async function embedModels(target: string): Promise<void> {
  const { cacheDir } = loadUserConfig();
  const registry = createModelRegistry({ modelsDirs: [builtInModelsDir], cacheDir, defaultModel: EMBEDDED[0]! });
  for (const id of EMBEDDED) {
    const spec = registry.resolve(id);
    await registry.pull(spec);
    for (const name of [spec.weights.file, 'installed.json'])
      cpSync(path.join(cacheDir, 'models', id, name), path.join(target, id, name));
  }
}

/** What is in packages for people who develop with them. */
const UNREAD =
  /\.(map|d\.[cm]?ts|md|markdown|flow|tsbuildinfo)$|\/(\.bin|\.package-lock\.json)$|\/(test|tests|__tests__)$/i;

/** Native code for a little more speed in the queue of a studio, which works without. */
const NOT_NEEDED = ['msgpackr-extract', '@msgpackr-extract'];

export function pruneApp(platform: Platform, app: string): void {
  const modules = path.join(app, 'node_modules');
  pruneRuntime(platform, path.join(modules, 'onnxruntime-node'));
  for (const name of NOT_NEEDED) rmSync(path.join(modules, name), { recursive: true, force: true });
  for (const name of readdirSync(modules, { recursive: true, encoding: 'utf8' })) {
    if (UNREAD.test(`/${name.split(path.sep).join('/')}`))
      rmSync(path.join(modules, name), { recursive: true, force: true });
  }
}

/** onnxruntime-node brings the libraries of all platforms, and for macOS the same one under two names. */
function pruneRuntime(platform: Platform, folder: string): void {
  const [os, cpu] = platform.split('-') as [string, string];
  const bin = path.join(folder, 'bin', 'napi-v6');
  for (const name of readdirSync(bin)) if (name !== os) rmSync(path.join(bin, name), { recursive: true });
  for (const name of readdirSync(path.join(bin, os)))
    if (name !== cpu) rmSync(path.join(bin, os, name), { recursive: true });
  const linked = path.join(bin, os, cpu, 'libonnxruntime.1.dylib');
  if (!existsSync(linked)) return;
  for (const name of readdirSync(path.dirname(linked)))
    if (/^libonnxruntime\.\d+\.\d+.*\.dylib$/.test(name)) rmSync(path.join(path.dirname(linked), name));
}
