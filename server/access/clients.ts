import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import writeFileAtomic from 'write-file-atomic';

const ClientSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  /** SHA-256 of the token in hex. The token has 256 random bits, so a slow password hash is unnecessary. */
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** ISO 8601. */
  since: Type.String(),
});
const FileSchema = Type.Object({ clients: Type.Array(ClientSchema) });

/** A program on another computer that may use this server. */
export type Client = Static<typeof ClientSchema>;

/** The client name of programs on this computer, which need no token. */
export const LOCAL = 'local';

/** The client list is unusable or cannot be changed; the message is a sentence for people. */
export class ClientsError extends Error {}

const fileIn = (configDir: string) => path.join(configDir, 'clients.json');
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/**
 * Pairs a client.
 * @returns its token, which is not stored
 * @throws {ClientsError}
 */
export async function addClient(configDir: string, name: string): Promise<string> {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u.test(name) || name.toLowerCase() === LOCAL)
    throw new ClientsError(`"${name}" is not a valid client name. Use up to 40 letters, digits, dots and dashes.`);
  const clients = readClients(configDir);
  if (clients.some((client) => client.name === name))
    throw new ClientsError(`"${name}" is already paired. To get a new token, run "hairline unpair" first.`);
  const token = `hl_${randomBytes(32).toString('base64url')}`;
  await writeClients(configDir, [...clients, { name, hash: hashOf(token), since: new Date().toISOString() }]);
  return token;
}

/**
 * Revokes a client's token, also on a running server.
 * @returns whether it was paired
 * @throws {ClientsError}
 */
export async function removeClient(configDir: string, name: string): Promise<boolean> {
  const clients = readClients(configDir);
  const rest = clients.filter((client) => client.name !== name);
  if (rest.length === clients.length) return false;
  await writeClients(configDir, rest);
  return true;
}

/** @throws {ClientsError} when the list exists but cannot be read */
export function readClients(configDir: string): Client[] {
  const file = fileIn(configDir);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new ClientsError(code ? `Cannot read ${file} (${code}).` : damaged(file));
  }
  if (!Value.Check(FileSchema, json)) throw new ClientsError(damaged(file));
  return json.clients;
}

const damaged = (file: string) => `${file} is damaged. Delete it, then pair every client again.`;

async function writeClients(configDir: string, clients: readonly Client[]): Promise<void> {
  try {
    await mkdir(configDir, { recursive: true });
    await writeFileAtomic(fileIn(configDir), `${JSON.stringify({ clients }, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new ClientsError(`Cannot write ${fileIn(configDir)} (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** The server's view of the list: reloaded when the file changes, and empty while it cannot be read. */
export class ClientBook {
  readonly #configDir: string;
  #clients: readonly Client[] = [];
  #read = '';

  constructor(configDir: string) {
    this.#configDir = configDir;
  }

  /** The name of the client with this token, or null. Runs in constant time for right and wrong tokens. */
  identify(token: string): string | null {
    const hash = Buffer.from(hashOf(token), 'hex');
    let name: string | null = null;
    for (const client of this.#current()) {
      if (timingSafeEqual(hash, Buffer.from(client.hash, 'hex'))) name = client.name;
    }
    return name;
  }

  #current(): readonly Client[] {
    const version = versionOf(fileIn(this.#configDir));
    if (version === this.#read) return this.#clients;
    this.#read = version;
    // Fail closed: an unreadable list admits no client.
    try {
      this.#clients = readClients(this.#configDir);
    } catch {
      this.#clients = [];
    }
    return this.#clients;
  }
}

/** Each write replaces the file, so its inode changes. */
function versionOf(file: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return '';
  }
}
