/** A script that macOS (as `.command`, in its own window) and Linux run when opened. */
export function renderShellScript(command: readonly string[]): string {
  return `#!/bin/sh
# Starts Hairline, portrait masks for Photoshop, unless it runs already.
# Written by "hairline serve", removed by "hairline uninstall".
${command.map(quoteShell).join(' ')} && exit
if [ -t 0 ]; then
  printf 'Press Return to close this window. '
  read -r _
fi
exit 1
`;
}

/** Within single quotes only the quote itself is special. */
function quoteShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
