import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { PORTS } from '../protocol/limits.ts';

/** What a .ccx may hold, by its place in `dist/photoshop`; whatever else lies there stays behind. */
const SHIPPED = [/^manifest\.json$/, /^index\.html$/, /^main\.js$/, /^icons\/[\w-]+@[12]x\.png$/];

/**
 * Modes that install: an archive whose entries have none is refused on macOS. The upper half is Unix' (3), the lower one
 * DOS', where 16 is a folder.
 */
const UNIX = 3;
const FILE = (0o100644 << 16) >>> 0;
const FOLDER = ((0o40755 << 16) | 16) >>> 0;

/** The first moment a zip can name, in local time as zip has it: the same bytes from the same files, on any day. */
const MOMENT = new Date(1980, 0, 1);

/** The schemes and names under which the panel looks for the server; Photoshop wants each with each port. */
const ROUTES = ['http://127.0.0.1', 'http://localhost', 'ws://localhost', 'ws://127.0.0.1'];

/** The manifest with the server's addresses listed, so that the panel can reach nothing else; not every Photoshop takes it. */
export function listAddresses(manifest: string): string {
  const fields = JSON.parse(manifest);
  const domains = ROUTES.flatMap((route) => PORTS.map((port) => `${route}:${port}`));
  const requiredPermissions = { ...fields.requiredPermissions, network: { domains } };
  return `${JSON.stringify({ ...fields, requiredPermissions }, null, 2)}\n`;
}

/** Zips the plugin folder; `manifest` takes the place of the folder's own, `license` goes beside it. */
export function packCcx(folder: string, manifest: string, license: string): Uint8Array {
  const files = new Map<string, Uint8Array>([
    ['LICENSE', Buffer.from(license)],
    ['manifest.json', Buffer.from(manifest)],
  ]);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const place = name.split(path.sep).join('/');
    const shipped = SHIPPED.some((pattern) => pattern.test(place));
    if (shipped && !files.has(place)) files.set(place, readFileSync(path.join(folder, name)));
  }
  const entries: Zippable = {};
  const folders = new Set([...files.keys()].flatMap(foldersAround));
  for (const place of [...folders, ...files.keys()].sort()) {
    const bytes = files.get(place);
    const attrs = bytes === undefined ? FOLDER : FILE;
    entries[place] = [
      bytes ?? new Uint8Array(),
      { os: UNIX, attrs, mtime: MOMENT, level: bytes === undefined ? 0 : 9 },
    ];
  }
  return zipSync(entries);
}

/** `a/b/c.txt` lies in `a/` and `a/b/`. */
function foldersAround(place: string): string[] {
  const parts = place.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
}
