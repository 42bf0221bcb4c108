import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { drawIcns } from '../sheets/icons.ts';
import { appEntries, type Contents, type Entry, type Place, textEntry } from './contents.ts';
import { compileLauncher } from './launcher.ts';

/** LSUIElement: no icon in the Dock, for there is no window. */
const INFO = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>CFBundleIdentifier</key>
  <string>com.hairline.server</string>
  <key>CFBundleName</key>
  <string>Hairline</string>
  <key>CFBundleDisplayName</key>
  <string>Hairline</string>
  <key>CFBundleExecutable</key>
  <string>Hairline</string>
  <key>CFBundleIconFile</key>
  <string>Hairline</string>
  <key>CFBundlePackageType</key>
  <string>APPL</string>
  <key>CFBundleInfoDictionaryVersion</key>
  <string>6.0</string>
  <key>CFBundleShortVersionString</key>
  <string>${VERSION}</string>
  <key>CFBundleVersion</key>
  <string>${VERSION}</string>
  <key>LSMinimumSystemVersion</key>
  <string>14.0</string>
  <key>LSUIElement</key>
  <true/>
  <key>NSHighResolutionCapable</key>
  <true/>
</dict>
</plist>
`;

const UNIX = 3;
const mode = (bits: number, dos = 0) => ((bits << 16) | dos) >>> 0;
const MOMENT = new Date(1980, 0, 1);

/** Hairline.app and the panel in a zip. */
export async function packMac({ app, runtime, licenses, ccx }: Contents, { out }: Place): Promise<string[]> {
  const inside = 'Hairline.app/Contents';
  const icon = await drawIcns(readFileSync(path.join(packageRoot, 'scripts', 'bundle', 'icon.svg')));
  const entries = new Map<string, Entry>([
    [`${inside}/Info.plist`, textEntry(INFO)],
    [`${inside}/MacOS/Hairline`, { bytes: compileLauncher(), executable: true }],
    ...[...runtime].map(([name, bytes]) => [`${inside}/MacOS/${name}`, { bytes, executable: true }] as const),
    [`${inside}/Resources/Hairline.icns`, { bytes: icon, executable: false }],
    [`${inside}/Resources/LICENSES.txt`, textEntry(licenses)],
    ...appEntries(app, `${inside}/Resources/app`),
    [ccx.name, { bytes: ccx.bytes, executable: false }],
  ]);
  const zip: Zippable = {};
  for (const folder of foldersOf(entries.keys()))
    zip[folder] = [new Uint8Array(), { os: UNIX, attrs: mode(0o40755, 16), mtime: MOMENT, level: 0 }];
  for (const [place, { bytes, executable }] of entries)
    zip[place] = [bytes, { os: UNIX, attrs: mode(executable ? 0o100755 : 0o100644), mtime: MOMENT, level: 9 }];
  const file = path.join(out, `Hairline-${VERSION}-darwin-arm64.zip`);
  writeFileSync(file, zipSync(zip));
  return [file];
}

function foldersOf(places: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const place of places)
    for (let end = place.indexOf('/'); end > 0; end = place.indexOf('/', end + 1)) folders.add(place.slice(0, end + 1));
  return [...folders].sort();
}
