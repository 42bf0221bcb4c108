import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the repository, from here and from `dist/test/browser`. */
export const ROOT = findRoot(path.dirname(fileURLToPath(import.meta.url)));

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
};

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Serves the repository's files to a browser, and pages made here. */
export class Pages {
  /** Path -> page. */
  readonly made = new Map<string, string>();
  readonly #served = new Map<string, Serve>();
  readonly #server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const serve = this.#served.get(pathname);
    if (serve !== undefined) return void serve(request, response);
    const made = this.made.get(pathname);
    const file = path.join(ROOT, pathname);
    try {
      const body = made ?? readFileSync(file);
      response.setHeader(
        'content-type',
        made === undefined ? (TYPES[path.extname(file)] ?? 'text/plain') : TYPES['.html']!,
      );
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });

  serve(path: string, serve: Serve): void {
    this.#served.set(path, serve);
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** The panel's page with `script` in place of its bundle. */
export function panelPage(script: string): string {
  const page = readFileSync(path.join(ROOT, 'plugin', 'index.html'), 'utf8');
  const bundle = '<script src="main.js"></script>';
  if (!page.includes(bundle)) throw new Error('plugin/index.html does not load the bundle');
  return page.replace(bundle, script);
}

function findRoot(folder: string): string {
  const above = path.dirname(folder);
  return path.basename(folder) === 'test'
    ? path.basename(above) === 'dist'
      ? path.dirname(above)
      : above
    : findRoot(above);
}
