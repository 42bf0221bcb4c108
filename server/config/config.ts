import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { FILE, FOLDER, folders, type Kind, SETTINGS, type Setting } from './settings.ts';

export { DEVICES, type Device, LOG_LEVELS, type LogLevel } from './settings.ts';

type Key = keyof typeof SETTINGS;

export type Config = {
  readonly [K in Key]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

/** Command-line flags by the same names; absent ones come from the other sources. */
export type Flags = { -readonly [K in Exclude<Key, 'ports'>]?: string | number | boolean | undefined } & {
  port?: string | number | undefined;
};

/** The user's settings file, parsed but not yet validated. */
export interface SettingsFile {
  file: string;
  values: Readonly<Record<string, unknown>>;
}

/** An effective setting and its source. */
export interface Resolved {
  key: Key;
  /** As written in the settings file. */
  name: string;
  value: unknown;
  /** `--port`, `HAIRLINE_PORT`, the path of the settings file, or `default`. */
  origin: string;
}

export class ConfigError extends Error {
  override name = 'ConfigError';
}

const rows = Object.entries(SETTINGS) as [Key, Setting<unknown>][];
const nameOf = (key: Key, { name = key }: Setting<unknown>) => name;

/**
 * Resolves every setting once: flag, else environment variable, else settings file, else default. Does not access the
 * disk.
 * @throws {ConfigError} naming the setting, its source and the accepted values.
 */
export function loadConfig(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env, file?: SettingsFile): Config {
  return Object.freeze(
    Object.fromEntries(resolveConfig(flags, env, file).map(({ key, value }) => [key, value])),
  ) as Config;
}

/** As `loadConfig`, with the file in the user's settings folder. */
export function loadUserConfig(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): Config {
  return loadConfig(flags, env, readSettingsFile(settingsFileOf(flags, env)));
}

export function settingsFileOf(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): string {
  return path.join(String(flags.configDir || env.HAIRLINE_CONFIG || folders.config), 'config.json');
}

/**
 * @returns undefined when there is no such file
 * @throws {ConfigError}
 */
export function readSettingsFile(file: string): SettingsFile | undefined {
  let values: unknown;
  try {
    // Windows editors may put a byte order mark first.
    values = JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(code ? `Cannot read ${file} (${code}).` : `${file} is not JSON: ${message}.`);
  }
  if (typeof values === 'object' && values !== null && !Array.isArray(values))
    return { file, values: values as Record<string, unknown> };
  throw new ConfigError(`${file} must hold one object, such as { "port": 7867 }.`);
}

/**
 * Puts one setting into the user's settings file, and leaves the others as they are.
 * @throws {ConfigError} when the file is not one of settings; what the file system says
 */
export async function saveSetting(file: string, name: string, value: unknown): Promise<void> {
  const { values } = readSettingsFile(file) ?? { values: {} };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify({ ...values, [name]: value }, null, 2)}\n`);
}

/** Like `loadConfig`, setting by setting. */
export function resolveConfig(flags: Flags, env: NodeJS.ProcessEnv, file?: SettingsFile): Resolved[] {
  if (file) refuseUnknown(file);
  return rows.map(([key, row]) => {
    const name = nameOf(key, row);
    const flag = flags[name as keyof Flags];
    if (isGiven(flag)) {
      const origin = row.flag ?? name;
      return { key, name, value: parse(row.kind, String(flag), origin), origin };
    }
    const variable = env[row.env];
    if (isGiven(variable)) return { key, name, value: parse(row.kind, variable, row.env), origin: row.env };
    if (file && Object.hasOwn(file.values, name))
      return { key, name, value: parseEntry(row.kind, name, file), origin: file.file };
    return { key, name, value: row.fallback, origin: 'default' };
  });
}

const isGiven = <T>(value: T | undefined): value is T => value !== undefined && value !== '';

function parse<T>(kind: Kind<T>, text: string, name: string): T {
  const value = kind.parse(text);
  if (value !== undefined) return value;
  throw new ConfigError(`${name} must be ${kind.allowed}${kind.isPrivate ? '' : `, not "${text}"`}.`);
}

/** JSON numbers, booleans and strings, and arrays for list settings. */
function parseEntry<T>(kind: Kind<T>, name: string, { file, values }: SettingsFile): T {
  const entry = values[name];
  const where = `"${name}" in ${file}`;
  const simple = ['string', 'number', 'boolean'].includes(typeof entry);
  if (!simple && !Array.isArray(entry))
    throw new ConfigError(`${where} must be ${kind.allowed}, not ${JSON.stringify(entry)}.`);
  const value = parse(kind, String(entry), where);
  // Resolved against the file's folder, wherever the program is started.
  return [FILE, FOLDER].includes(kind as Kind<string>) ? (path.resolve(path.dirname(file), String(value)) as T) : value;
}

function refuseUnknown({ file, values }: SettingsFile): void {
  const names = rows.flatMap(([key, row]) => (row.notInFile ? [] : [nameOf(key, row)]));
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`"${unknown}" in ${file} is not a setting. Settings are: ${names.join(', ')}.`);
}
