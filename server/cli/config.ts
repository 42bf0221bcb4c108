import type { Command } from 'commander';
import { type Resolved, readSettingsFile, resolveConfig, settingsFileOf } from '../config/config.ts';
import { SETTINGS } from '../config/settings.ts';
import type { Terminal } from './terminal.ts';

/** Adds `hairline config`. */
export function registerConfig(program: Command, terminal: Terminal): void {
  program
    .command('config')
    .description('show the effective settings and the source of each')
    .option('--json', 'print one JSON object instead')
    .option('--path', 'print the path of the settings file')
    .action((options: { json?: boolean; path?: boolean }) => showConfig(terminal, process.env, options));
}

/** @throws {ConfigError} */
export function showConfig(
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  { json = false, path = false }: { json?: boolean; path?: boolean } = {},
): void {
  const file = settingsFileOf({}, env);
  if (path) {
    terminal.result(file);
  } else {
    const resolved = resolveConfig({}, env, readSettingsFile(file));
    if (json) terminal.result(JSON.stringify(Object.fromEntries(resolved.map(asEntry)), null, 2));
    else for (const line of asTable(resolved)) terminal.result(line);
  }
  terminal.flush();
  if (!json && !path) terminal.say(`Put your settings in ${file} or in environment variables.`);
}

const asEntry = ({ name, value, origin }: Resolved) => [name, { value, origin }];

function asTable(resolved: readonly Resolved[]): string[] {
  const table = resolved.map(({ key, name, value, origin }) => [name, show(value), origin, SETTINGS[key].about]);
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}
