import { existsSync, readFileSync } from 'node:fs';
import * as plist from 'plist';
import { beforeAll, describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { pins } from '../../scripts/bundle/runtimes.ts';
import { VERSION } from '../../server/system/package-root.ts';
import { bundleFile } from './photo.ts';

const bundle = bundleFile('darwin-arm64.zip');
const missing = !existsSync(bundle);
if (missing) console.log('macOS bundle skipped: run "npm run bundle -- --platform darwin-arm64" first.');

interface Entry {
  /** Unix permissions and type. */
  mode: number;
  bytes: Buffer;
}

const MACH_O_64 = 0xfeedfacf;
const ARM64 = 0x0100000c;

/** macOS itself is not at hand: these are the parts of which other programs know the format. */
describe.skipIf(missing)('the macOS bundle', () => {
  let entries: Map<string, Entry>;
  const inside = 'Hairline.app/Contents/';
  beforeAll(async () => {
    entries = await readZip(bundle);
  });

  it('is an app by its property list', () => {
    const info = plist.parse(entries.get(`${inside}Info.plist`)!.bytes.toString('utf8')) as Record<string, unknown>;
    expect(info).toMatchObject({
      CFBundlePackageType: 'APPL',
      CFBundleIdentifier: expect.stringMatching(/^[\w.-]+$/),
      CFBundleExecutable: 'Hairline',
      CFBundleShortVersionString: VERSION,
      LSUIElement: true,
    });
    expect(entries.has(`${inside}MacOS/${info.CFBundleExecutable}`)).toBe(true);
    expect(entries.has(`${inside}Resources/${info.CFBundleIconFile}.icns`)).toBe(true);
  });

  it('has executable programs, and nothing else executable or writable by others', () => {
    const modes = [...entries].filter(([name]) => !name.endsWith('/')).map(([name, { mode }]) => [name, mode & 0o777]);
    const programs = modes.filter(([, mode]) => mode === 0o755).map(([name]) => name);
    expect(programs.sort()).toEqual([`${inside}MacOS/Hairline`, `${inside}MacOS/node`]);
    expect(modes.filter(([, mode]) => mode !== 0o755 && mode !== 0o644)).toEqual([]);
  });

  it('has Node, ONNX Runtime and sharp for Apple silicon, and for nothing else', () => {
    const native = [...entries].filter(([name]) => /\.(node|dylib)$|MacOS\/node$/.test(name));
    const names = native.map(([name]) => name).join('\n');
    for (const part of ['MacOS/node', 'onnxruntime_binding.node', 'libonnxruntime', 'sharp-darwin-arm64', 'libvips'])
      expect(names).toContain(part);
    const wrong = native.filter(
      ([, { bytes }]) => bytes.readUInt32LE(0) !== MACH_O_64 || bytes.readUInt32LE(4) !== ARM64,
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
    expect([...entries.keys()].filter((name) => /\.(dll|exe|so(\.\d+)*)$/.test(name))).toEqual([]);
  });

  it('starts from a place with spaces, by the shell of the system', () => {
    const text = entries.get(`${inside}MacOS/Hairline`)!.bytes.toString('utf8');
    expect(text.startsWith('#!/bin/sh\n')).toBe(true);
    expect(text).toContain('"$here/node" "$here/../Resources/app/server/cli/bin.mjs" "$@"');
    expect(entries.has(`${inside}Resources/app/server/cli/bin.mjs`)).toBe(true);
  });

  it('brings the panel, the models and every license', () => {
    expect(entries.has(`hairline-${VERSION}.ccx`)).toBe(true);
    for (const id of ['rvm', 'rvm-wide'])
      expect(entries.has(`${inside}Resources/app/models/${id}/${id}.onnx`)).toBe(true);
    const licenses = entries.get(`${inside}Resources/LICENSES.txt`)!.bytes.toString('utf8');
    for (const name of [`Node.js ${pins.node.version}`, 'onnxruntime-node', 'sharp', 'GPL-3.0'])
      expect(licenses).toContain(name);
  });
});

function readZip(file: string): Promise<Map<string, Entry>> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(readFileSync(file), { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      const entries = new Map<string, Entry>();
      zip.on('entry', (entry: yauzl.Entry) => {
        zip.openReadStream(entry, (failure, stream) => {
          if (failure) return reject(failure);
          const parts: Buffer[] = [];
          stream.on('data', (part: Buffer) => parts.push(part));
          stream.on('error', reject);
          stream.on('end', () => {
            const bytes = Buffer.concat(parts);
            entries.set(entry.fileName, { mode: entry.externalFileAttributes >>> 16, bytes });
            zip.readEntry();
          });
        });
      });
      zip.on('end', () => resolve(entries));
      zip.on('error', reject);
      zip.readEntry();
    });
  });
}
