import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { create } from 'tar';
import { VERSION } from '../../server/system/package-root.ts';
import { appEntries, type Contents, type Entry, type Place, textEntry } from './contents.ts';

/** Without a word, as from a file manager, it opens Hairline's page; with words it is the command line. */
export const LAUNCHER = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
[ $# -eq 0 ] && set -- open
exec "$here/node" "$here/app/server/cli/bin.mjs" "$@"
`;

/**
 * For file managers that start only such files, and to be copied into a menu once its Exec names the folder. `%k` is the
 * place of the file itself; the backslashes are doubled by the rules for values, and again by those for Exec.
 */
export const DESKTOP_ENTRY = String.raw`[Desktop Entry]
Type=Application
Name=Hairline
Comment=Portrait masks for Photoshop
Exec=sh -c "\\"\\$(dirname \\"\\$0\\")/hairline\\"" %k
Icon=image-x-generic
Categories=Graphics;Photography;
Terminal=false
`;

/** The same bytes from the same files, on any day. */
const MOMENT = new Date('2000-01-01T00:00:00Z');

/** A folder in a tar.gz, to be unpacked anywhere. */
export async function packLinux({ app, runtime, licenses, ccx }: Contents, { out, work }: Place): Promise<string[]> {
  const entries = new Map<string, Entry>([
    ['Hairline/hairline', textEntry(LAUNCHER, true)],
    ['Hairline/Hairline.desktop', textEntry(DESKTOP_ENTRY, true)],
    ...[...runtime].map(([name, bytes]) => [`Hairline/${name}`, { bytes, executable: true }] as const),
    [`Hairline/${ccx.name}`, { bytes: ccx.bytes, executable: false }],
    ['Hairline/LICENSES.txt', textEntry(licenses)],
    ...appEntries(app, 'Hairline/app'),
  ]);
  const folder = path.join(work, 'linux');
  for (const [place, { bytes, executable }] of entries) {
    const file = path.join(folder, place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    chmodSync(file, executable ? 0o755 : 0o644);
  }
  const file = path.join(out, `Hairline-${VERSION}-linux-x64.tar.gz`);
  await packTar(file, folder);
  return [file];
}

/** Of the folder Hairline in `folder`. */
export async function packTar(file: string, folder: string): Promise<void> {
  await create({ file, cwd: folder, gzip: { level: 9 }, portable: true, mtime: MOMENT }, ['Hairline']);
}
