import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import yauzl, { type Entry } from 'yauzl';
import { ORIGINS } from '../../plugin/client/server-finder.ts';
import { listAddresses, packCcx } from '../../scripts/ccx.ts';
import { SimulatedPhotoshop } from '../../simulator/index.ts';
import { findProblems } from './manifest-rules.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = path.join(root, 'dist', 'photoshop');
const manifest = readFileSync(path.join(built, 'manifest.json'), 'utf8');
const license = readFileSync(path.join(root, 'LICENSE'), 'utf8');

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(path.join(os.tmpdir(), 'hairline-ccx-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

interface Unpacked {
  entries: Entry[];
  files: Map<string, Buffer>;
}

/** By another reader than the library that packs; it refuses bad names, sizes and checksums. */
function unpack(bytes: Uint8Array): Promise<Unpacked> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(Buffer.from(bytes), { strictFileNames: true, lazyEntries: true }, (problem, zip) => {
      if (problem) return reject(problem);
      const out: Unpacked = { entries: [], files: new Map() };
      zip.on('error', reject);
      zip.on('end', () => resolve(out));
      zip.on('entry', (entry: Entry) => {
        out.entries.push(entry);
        if (entry.fileName.endsWith('/')) return zip.readEntry();
        zip.openReadStream(entry, async (failure, stream) => {
          if (failure) return reject(failure);
          const chunks: Buffer[] = [];
          for await (const chunk of stream) chunks.push(chunk);
          out.files.set(entry.fileName, Buffer.concat(chunks));
          zip.readEntry();
        });
      });
      zip.readEntry();
    });
  });
}

describe.each([
  ['hairline.ccx', manifest],
  ['hairline-listed-network.ccx', listAddresses(manifest)],
])('%s', (_name, text) => {
  test('keeps to the published rules', async () => {
    const { files } = await unpack(packCcx(built, text, license));
    expect(findProblems((place) => files.get(place))).toEqual([]);
  });

  test('holds the plugin and nothing else', async () => {
    const { files } = await unpack(packCcx(built, text, license));
    const icons = ['panel-dark', 'panel-light', 'plugin'].flatMap((name) => [1, 2].map((x) => `${name}@${x}x.png`));
    expect([...files.keys()].sort()).toEqual(
      [...['LICENSE', 'manifest.json', 'main.js', 'index.html'], ...icons.map((name) => `icons/${name}`)].sort(),
    );
    for (const [place, bytes] of files) {
      if (place === 'LICENSE' || place === 'manifest.json') continue;
      expect(bytes.equals(readFileSync(path.join(built, place)))).toBe(true);
    }
    expect(files.get('main.js')!.length).toBeLessThan(150_000);
  });

  test('has modes that install', async () => {
    const { entries } = await unpack(packCcx(built, text, license));
    for (const { fileName, externalFileAttributes, versionMadeBy, compressionMethod } of entries) {
      const folder = fileName.endsWith('/');
      expect([fileName, versionMadeBy >> 8]).toEqual([fileName, 3]);
      expect((externalFileAttributes >>> 16).toString(8)).toBe(folder ? '40755' : '100644');
      expect(compressionMethod).toBe(folder ? 0 : 8);
    }
    const folders = entries.map(({ fileName }) => fileName).filter((name) => name.endsWith('/'));
    expect(folders).toEqual(['icons/']);
  });

  test('opens in Photoshop', async () => {
    const { files } = await unpack(packCcx(built, text, license));
    for (const [place, bytes] of files) {
      mkdirSync(path.dirname(path.join(scratch, place)), { recursive: true });
      writeFileSync(path.join(scratch, place), bytes);
    }
    const photoshop = new SimulatedPhotoshop({ ports: {} });
    const panel = await photoshop.loadPlugin(scratch);
    await panel.showPanel();
    expect(panel.errors).toEqual([]);
    await photoshop.dispose();
  });
});

test('the same files give the same bytes on any day, and nothing strange comes along', () => {
  cpSync(built, scratch, { recursive: true });
  const before = packCcx(scratch, manifest, license);
  utimesSync(path.join(scratch, 'index.html'), 1, 1);
  for (const stray of ['.DS_Store', 'notes.txt', 'main.js.map', 'main.js.LICENSE.txt']) {
    writeFileSync(path.join(scratch, stray), 'stray');
  }
  expect(Buffer.from(packCcx(scratch, manifest, license)).equals(before)).toBe(true);
});

test('the stricter one differs in the network alone, and lists exactly the addresses that the panel asks', () => {
  const { requiredPermissions: wide, ...same } = JSON.parse(manifest);
  const { requiredPermissions: narrow, ...others } = JSON.parse(listAddresses(manifest));
  expect(others).toEqual(same);
  expect(wide.network).toEqual({ domains: 'all' });
  expect(narrow).toEqual({ ...wide, network: { domains: ORIGINS } });
});

describe('the rules', () => {
  const read = (fields: object) => (place: string) =>
    place === 'manifest.json'
      ? Buffer.from(JSON.stringify({ ...JSON.parse(manifest), ...fields }))
      : place.startsWith('gone')
        ? undefined
        : readFileSync(path.join(built, place));
  const entry = { type: 'command', id: 'a', label: 'A' };
  const icon = { width: 24, height: 24, path: 'icons/plugin.png', scale: [1, 2], theme: ['all'] };

  test.each<[string, object]>([
    ['manifest version 5', { manifestVersion: 4 }],
    ['3 to 45', { name: 'ab' }],
    ['x.y.z', { version: '1.2.100' }],
    ['not for a list', { host: [{ app: 'PS', minVersion: '25.10.0' }] }],
    ['no version of a host', { host: { app: 'PS', minVersion: '25' } }],
    ['loadEvent', { host: { app: 'PS', minVersion: '25.10.0', data: { loadEvent: 'boot' } } }],
    ['not in the package', { main: 'gone.html' }],
    ['starts with HTML', { main: 'main.js' }],
    ['needs a default', { entrypoints: [{ ...entry, label: { zh: 'A' } }] }],
    ['is no language', { entrypoints: [{ ...entry, label: { default: 'A', Chinese: 'B' } }] }],
    ['two entry points', { entrypoints: [entry, entry] }],
    ['no shortcuts', { entrypoints: [{ ...entry, shortcut: {} }] }],
    ['not in the package', { icons: [{ ...icon, path: 'gone.png' }] }],
    ['not 46 pixels', { icons: [{ ...icon, width: 23, height: 23 }] }],
    ['no theme', { icons: [{ ...icon, theme: ['black'] }] }],
    ['needs icons', { icons: [] }],
    ['no origin', { requiredPermissions: { network: { domains: ['localhost'] } } }],
    ['no origin', { requiredPermissions: { network: { domains: ['all'] } } }],
    ['localFileSystem', { requiredPermissions: { localFileSystem: 'everything' } }],
  ])('find "%s" in %j', (words, fields) => {
    expect(findProblems(read(fields)).join('; ')).toContain(words);
  });
});
