import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { create } from 'tar';
import { packageRoot } from '../../../server/system/package-root.ts';

/** Which of the apps the tests pretend to be: its files have the form of this system's. */
export const PLATFORM = process.platform === 'win32' ? 'win32-x64' : 'linux-x64';
const NODE = process.platform === 'win32' ? 'node.exe' : 'node';

const MAIN = `
import { readFileSync } from 'node:fs';
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
export const run = async (args) => {
  if (args[0] === '--version' && process.env.BROKEN) return 9;
  console.log(JSON.stringify({ version, args, starter: process.env.HAIRLINE_STARTER ?? null }));
  return args.includes('fail') ? 7 : 0;
};
`;

/** A folder in the form of an app of this version, with a stand-in for its command line. */
export function layOutApp(folder: string, version: string, main = MAIN): void {
  const files = {
    'app/package.json': JSON.stringify({ name: 'hairline', version, type: 'module' }),
    'app/bundle.json': JSON.stringify({ platform: PLATFORM, releases: null }),
    'app/dist/.built': '',
    'app/dist/server/cli/main.js': main,
    'app/server/cli/bin.mjs': readFileSync(path.join(packageRoot, 'server', 'cli', 'bin.mjs'), 'utf8'),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const node = path.join(folder, NODE);
  // Elsewhere a stand-in is enough, and a hundred times smaller.
  if (process.platform === 'win32') copyFileSync(process.execPath, node);
  else writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
}

/** The file that a release has for `hairline update`. */
export async function packApp(version: string, main?: string): Promise<Buffer> {
  const work = mkdtempSync(path.join(os.tmpdir(), 'hairline-release-'));
  layOutApp(path.join(work, 'Hairline'), version, main);
  const file = path.join(work, 'package.tgz');
  await create({ file, cwd: work, gzip: { level: 1 } }, ['Hairline']);
  return readFileSync(file);
}

export interface ReleasePage {
  url: string;
  /** Paths asked for, with their Range header. */
  asked: string[];
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves files by path; a function answers by itself. */
export async function serveFiles(files: Record<string, Buffer | string | Answer>): Promise<ReleasePage> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    asked.push(headers.range ? `${url} ${headers.range}` : url);
    const file = files[url];
    if (file === undefined) return void response.writeHead(404).end();
    if (typeof file === 'function') return file(request, response);
    const from = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    const bytes = Buffer.from(file);
    const range = from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { etag: '"1"', 'content-length': bytes.length - from, ...range });
    response.end(bytes.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** What the page answers about a release with this one file. */
export function describeRelease(
  version: string,
  file: { name: string; url: string; bytes: number; digest?: string | null },
  sumsUrl: string,
) {
  return {
    tag_name: `v${version}`,
    html_url: 'https://example.org',
    assets: [
      { name: file.name, browser_download_url: file.url, size: file.bytes, digest: file.digest },
      { name: 'SHA256SUMS', browser_download_url: sumsUrl, size: 100 },
    ],
  };
}
