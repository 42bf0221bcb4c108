/**
 * A batch file that Windows runs when opened. The first line must be plain ASCII; it switches the console to UTF-8, so
 * that later lines can contain any path.
 * @throws {Error} when a word has a character that no batch file can hold within quotes
 */
export function renderBatchFile(command: readonly string[]): string {
  const lines = [
    '@chcp 65001 >nul',
    '@echo off',
    'setlocal DisableDelayedExpansion',
    'rem Starts Hairline, portrait masks for Photoshop, unless it is already running.',
    'rem Written by "hairline serve", removed by "hairline uninstall".',
    command.map(quoteBatch).join(' '),
    'if errorlevel 1 pause',
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}

/** Within double quotes the shell interprets only the percent sign; the program interprets a trailing backslash. */
function quoteBatch(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line feed would begin another command.
  if (/["\x00-\x1f]/.test(text)) throw new Error(`A batch file cannot hold ${JSON.stringify(text)}.`);
  return `"${text.replaceAll('%', '%%').replace(/\\+$/, '$&$&')}"`;
}
