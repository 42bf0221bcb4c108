import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadModelSpecs } from '../../server/registry/spec/spec-loader.ts';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { pruneApp, stageApp } from './app-folder.ts';
import type { Contents } from './contents.ts';
import { modelParts, type Part, packagesIn, renderLicenses } from './licenses.ts';
import { packLinux } from './linux.ts';
import { packMac } from './macos.ts';
import { fetchNodeLicense, fetchRuntime, PLATFORMS, type Platform, pins } from './runtimes.ts';
import { packWindows } from './windows.ts';

/** What a release page promises at most, in bytes. */
const LIMIT = 150_000_000;
const PACK = { 'win32-x64': packWindows, 'darwin-arm64': packMac, 'linux-x64': packLinux };

const { values } = parseArgs({
  options: { platform: { type: 'string', multiple: true }, fast: { type: 'boolean', default: false } },
});
const wanted = values.platform ?? [];
const unknown = wanted.filter((name) => !PLATFORMS.includes(name as Platform));
if (wanted.length === 0 || unknown.length > 0) {
  console.error(`Name a platform: npm run bundle -- --platform ${PLATFORMS.join('|')}`);
  process.exit(2);
}
for (const platform of wanted as Platform[]) await bundle(platform);

async function bundle(platform: Platform): Promise<void> {
  const out = path.join(packageRoot, 'dist', 'bundles');
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(path.join(out, '.work-'));
  try {
    const app = path.join(work, 'app');
    await stageApp(platform, app);
    const licenses = renderLicenses(await partsOf(platform, app));
    pruneApp(platform, app);
    const runtime = await fetchRuntime(platform);
    const ccx = `hairline-${VERSION}.ccx`;
    const contents: Contents = {
      app,
      runtime,
      licenses,
      ccx: { name: ccx, bytes: readFileSync(path.join(app, 'dist', ccx)) },
    };
    const files = await PACK[platform](contents, { out, work, fast: values.fast });
    const installed = sizeOf(app) + [...runtime.values()].reduce((sum, { length }) => sum + length, 0);
    for (const file of files) {
      const packed = statSync(file).size;
      console.log(`${path.relative(packageRoot, file)}  ${mega(packed)} to download, ${mega(installed)} installed`);
      if (packed > LIMIT) throw new Error(`That is more than ${mega(LIMIT)}.`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function partsOf(platform: Platform, app: string): Promise<Part[]> {
  const own = readFileSync(path.join(packageRoot, 'LICENSE'), 'utf8').trim();
  const parts: Part[] = [
    { name: 'Hairline', version: VERSION, license: 'MIT', text: own },
    { name: 'Node.js', version: pins.node.version, license: 'MIT and others', text: await fetchNodeLicense() },
  ];
  const msvc = pins[platform].find((download) => download.package === 'msvc-runtime');
  if (msvc) parts.push(visualC(msvc.version));
  const models = path.join(app, 'models');
  parts.push(...modelParts(loadModelSpecs([models]), models), ...packagesIn(path.join(app, 'node_modules')));
  return parts;
}

function visualC(version: string): Part {
  return {
    name: 'Microsoft Visual C++ runtime (msvcp140.dll, msvcp140_1.dll, vcruntime140.dll, vcruntime140_1.dll)',
    version,
    license: 'Microsoft Software License Terms, distributable code',
    text: 'Unchanged files of Microsoft, which its license terms for Visual Studio name among those that may be distributed with a program.',
  };
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(path.join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
