import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DESKTOP_ENTRY, LAUNCHER } from '../../scripts/bundle/linux.ts';

/** The words of an Exec line, as the Desktop Entry Specification has them. */
function readExec(entry: string, file: string): string[] {
  const value = /^Exec=(.*)$/m.exec(entry)![1]!.replace(/\\(.)/g, '$1');
  const words = [...value.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)];
  return words.map(([, quoted, plain]) => quoted?.replace(/\\(.)/g, '$1') ?? (plain === '%k' ? file : plain!));
}

it.skipIf(process.platform === 'win32')(
  'starts the program beside it, wherever the folder lies, without a word',
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'hairline desktop é$ '));
    try {
      const file = path.join(folder, 'Hairline.desktop');
      writeFileSync(file, DESKTOP_ENTRY);
      writeFileSync(path.join(folder, 'hairline'), LAUNCHER, { mode: 0o755 });
      writeFileSync(path.join(folder, 'node'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
      const [program, ...words] = readExec(DESKTOP_ENTRY, file);
      const { stdout, stderr } = spawnSync(program!, words, { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout.split('\n')).toEqual([path.join(folder, 'app', 'server', 'cli', 'bin.mjs'), 'open', '']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
