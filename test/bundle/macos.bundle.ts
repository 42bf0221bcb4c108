import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as plist from 'plist';
import { beforeAll, describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { compileLauncher } from '../../scripts/bundle/launcher.ts';
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
const MH_EXECUTE = 2;
const LC_CODE_SIGNATURE = 0x1d;

/** The kinds of a program's load commands. */
function commandsOf(program: Buffer): number[] {
  const kinds: number[] = [];
  for (let left = program.readUInt32LE(16), at = 32; left > 0; left--, at += program.readUInt32LE(at + 4))
    kinds.push(program.readUInt32LE(at));
  return kinds;
}

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

  it('has a main program that macOS can sign without extended attributes, which a zip loses', () => {
    const program = entries.get(`${inside}MacOS/Hairline`)!.bytes;
    expect([program.readUInt32LE(0), program.readUInt32LE(4)]).toEqual([MACH_O_64, ARM64]);
    expect(program.readUInt32LE(12)).toBe(MH_EXECUTE);
    // Signed ad hoc by its linker: Apple silicon starts nothing else.
    expect(commandsOf(program)).toContain(LC_CODE_SIGNATURE);
    expect(program.toString('latin1')).toContain('%s/../Resources/app/server/cli/bin.mjs');
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

/** The same program for this system: what it does does not depend on it. */
const isLinux = process.platform === 'linux' && process.arch === 'x64';
describe.skipIf(missing || !isLinux)('the main program of the macOS bundle', () => {
  it('becomes the Node beside it, and opens the page when it is given no words', () => {
    const work = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'hairline launcher é ')));
    try {
      const inside = path.join(work, 'Hairline.app', 'Contents', 'MacOS');
      mkdirSync(inside, { recursive: true });
      const program = path.join(inside, 'Hairline');
      writeFileSync(program, compileLauncher('x86_64-linux-musl'), { mode: 0o755 });
      writeFileSync(path.join(inside, 'node'), '#!/bin/sh\nprintf "%s\\n" "$0" "$@"\nexit 7\n', { mode: 0o755 });
      symlinkSync(program, path.join(work, 'link'));
      const node = path.join(inside, 'node');
      const script = `${inside}/../Resources/app/server/cli/bin.mjs`;
      for (const started of [program, path.join(work, 'link')]) {
        const run = (...words: string[]) => spawnSync(started, words, { encoding: 'utf8' });
        expect(run()).toMatchObject({ status: 7, stdout: `${[node, script, 'open'].join('\n')}\n` });
        expect(run('matte', 'é x', '').stdout).toBe(`${[node, script, 'matte', 'é x', ''].join('\n')}\n`);
      }
      rmSync(node);
      expect(spawnSync(program, { encoding: 'utf8' })).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('No such file'),
      });
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
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
