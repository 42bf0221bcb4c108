import path from 'node:path';

/** What opens an address, a file or a folder with the program that the user has for it. */
export function openCommand(
  target: string,
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): [program: string, ...args: string[]] {
  if (platform === 'darwin') return ['/usr/bin/open', target];
  if (platform === 'win32') {
    // Not `start` of the shell, to which `&` and `%` mean something.
    const system = path.win32.join(env.SystemRoot ?? 'C:\\Windows', 'System32');
    return [path.win32.join(system, 'rundll32.exe'), 'url.dll,FileProtocolHandler', target];
  }
  return ['xdg-open', target];
}
