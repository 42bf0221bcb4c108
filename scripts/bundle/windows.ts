import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot, VERSION } from '../../server/system/package-root.ts';
import { drawIco } from '../sheets/icons.ts';
import type { Contents, Place } from './contents.ts';
import { packTar } from './linux.ts';

const COMMAND = '@"%~dp0node.exe" "%~dp0app\\server\\cli\\bin.mjs" %*\r\n';

/** An installer for one user, made by NSIS, which also runs on Linux and macOS; and the same files for `hairline update`. */
export async function packWindows(
  { app, runtime, licenses, ccx }: Contents,
  { out, work, fast }: Place,
): Promise<string[]> {
  const folder = path.join(work, 'Hairline');
  mkdirSync(folder);
  for (const [name, bytes] of runtime) writeFileSync(path.join(folder, name), bytes);
  writeFileSync(path.join(folder, 'hairline.cmd'), COMMAND);
  writeFileSync(path.join(folder, ccx.name), ccx.bytes);
  writeFileSync(path.join(folder, 'LICENSES.txt'), licenses.replaceAll(/\r?\n/g, '\r\n'));
  const icon = await drawIco(readFileSync(path.join(packageRoot, 'scripts', 'bundle', 'icon.svg')));
  writeFileSync(path.join(folder, 'hairline.ico'), icon);
  cpSync(app, path.join(folder, 'app'), { recursive: true });
  const removal = path.join(work, 'removal.nsh');
  writeFileSync(removal, renderRemoval(folder));
  const file = path.join(out, `Hairline-${VERSION}-win32-x64.exe`);
  const defines = {
    VERSION,
    FOLDER: folder,
    OUT: file,
    REMOVAL: removal,
    // Windows shows it in kB in the list of programs.
    KILOBYTES: String(Math.ceil(sizeOf(folder) / 1024)),
    ...(fast && { FAST: '1' }),
  };
  const options = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
  const script = path.join(packageRoot, 'scripts', 'bundle', 'installer.nsi');
  try {
    execFileSync('makensis', ['-V2', '-INPUTCHARSET', 'UTF8', ...options, script], { stdio: ['ignore', 'pipe', 2] });
  } catch (error) {
    const { code, stdout } = error as NodeJS.ErrnoException & { stdout?: Buffer };
    if (code === 'ENOENT') throw new Error('makensis is missing. Debian and Ubuntu: apt-get install nsis.');
    throw new Error(`makensis failed: ${stdout}`);
  }
  const forUpdates = path.join(out, `Hairline-${VERSION}-win32-x64.tar.gz`);
  await packTar(forUpdates, work);
  return [file, forUpdates];
}

/**
 * Names each file and each folder that was installed, for a removal that takes nothing else: a folder stays if it
 * holds other files.
 */
function renderRemoval(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('/', '\\'));
  const isFolder = (name: string) => statSync(path.join(folder, name.replaceAll('\\', path.sep))).isDirectory();
  // `$` means something to NSIS.
  const quote = (name: string) => `"$INSTDIR\\${name.replaceAll('$', '$$')}"`;
  const files = names.filter((name) => !isFolder(name)).map((name) => `Delete ${quote(name)}`);
  // The innermost first.
  const folders = names.filter(isFolder).sort((a, b) => b.length - a.length);
  return `${[...files, ...folders.map((name) => `RMDir ${quote(name)}`)].join('\n')}\n`;
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(path.join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
