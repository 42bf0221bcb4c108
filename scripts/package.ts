import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../server/system/package-root.ts';
import { listAddresses, packCcx } from './ccx.ts';

/** Writes what users install: `dist/hairline-<version>.ccx`, and one that may reach nothing but the server, where Photoshop takes its list. */
const dist = path.join(packageRoot, 'dist');
const folder = path.join(dist, 'photoshop');
const manifest = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
const license = readFileSync(path.join(packageRoot, 'LICENSE'), 'utf8');
const { version } = JSON.parse(manifest);

write(`hairline-${version}.ccx`, manifest);
write(`hairline-${version}-listed-network.ccx`, listAddresses(manifest));

function write(name: string, manifest: string): void {
  const bytes = packCcx(folder, manifest, license);
  writeFileSync(path.join(dist, name), bytes);
  console.log(`dist/${name}  ${(bytes.length / 1000).toFixed(1)} kB`);
}
