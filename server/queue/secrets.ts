import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../config/config.ts';

/** Characters that a secret must have: 24 random bytes as base64. */
const MIN_LENGTH = 32;

/**
 * The cluster's secrets: a line each. The first one seals; what the others have sealed is accepted as well, which is how a
 * secret is replaced without a pause.
 * @throws {ConfigError}
 */
export function readSecrets(file: string): Buffer[] {
  const lines = readText(file, 'It holds the secret of the cluster; make one with "hairline cluster secret".')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || lines.some((line) => line.length < MIN_LENGTH))
    throw new ConfigError(`${file} must hold a secret of at least ${MIN_LENGTH} characters in each line.`);
  return lines.map((line) => Buffer.from(line));
}

/** @throws {ConfigError} */
export function readPassword(file: string): string {
  return readText(file, 'It holds the password of the queue.').trim();
}

/** A new file with a new secret, readable by its owner alone. @throws EEXIST: an existing one is left alone */
export async function writeSecret(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
}

export function secretFileOf({ queueSecretFile, configDir }: { queueSecretFile: string; configDir: string }): string {
  return queueSecretFile || path.join(configDir, 'cluster-secret');
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new ConfigError(`Cannot read ${file} (${(error as NodeJS.ErrnoException).code}). ${what}`);
  }
}
