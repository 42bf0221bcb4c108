/**
 * A file that Windows runs when it is opened. The first line must be plain ASCII; from the next on the console reads
 * UTF-8, so that any path can be named.
 * @throws {Error} when a word has a character that no batch file can hold within quotes
 */
export function renderBatchFile(command: readonly string[]): string {
  const lines = [
    '@chcp 65001 >nul',
    '@echo off',
    'setlocal DisableDelayedExpansion',
    'rem Starts Hairline, portrait masks for Photoshop, unless it runs already.',
    'rem Written by "hairline serve", removed by "hairline uninstall".',
    command.map(quoteBatch).join(' '),
    'if errorlevel 1 pause',
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}

/** Within double quotes only the percent sign means something to the shell; to the program, a backslash at the end. */
function quoteBatch(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line feed would begin another command.
  if (/["\x00-\x1f]/.test(text)) throw new Error(`A batch file cannot hold ${JSON.stringify(text)}.`);
  return `"${text.replaceAll('%', '%%').replace(/\\+$/, '$&$&')}"`;
}
