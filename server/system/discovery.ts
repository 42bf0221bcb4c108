import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import writeFileAtomic from 'write-file-atomic';
import { LOOPBACK, PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { Health } from '../../protocol/schemas/status.ts';
import { isAlive } from './process-alive.ts';

const DiscoverySchema = Type.Object({
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  pid: Type.Integer({ minimum: 1 }),
  version: Type.String(),
  /** ISO 8601. */
  startedAt: Type.String(),
  /** Secret of this run, for `POST /v1/shutdown`. Only the owner can read the file, and may stop the server. */
  token: Type.Optional(Type.String({ minLength: 32 })),
});

/** What a running server leaves in the user's config folder so that the command line finds it. */
export type Discovery = Static<typeof DiscoverySchema>;

/** A server on this computer answers within milliseconds; one that is busy with a picture needs a little longer. */
const PROBE_MS = 2_000;

/** A server that is loading a large model does not answer at all; callers that need certainty wait this long. */
export const PATIENT_MS = 20_000;

const fileIn = (configDir: string) => path.join(configDir, 'server.json');

export async function writeDiscovery(configDir: string, discovery: Discovery): Promise<void> {
  await mkdir(configDir, { recursive: true });
  await writeFileAtomic(fileIn(configDir), `${JSON.stringify(discovery)}\n`, { mode: 0o600 });
}

/** The server that is really running, or null when the file is absent, garbled, or left by one that has died. */
export async function readDiscovery(configDir: string, patience = PROBE_MS): Promise<Discovery | null> {
  const discovery = await parseFile(configDir);
  if (!discovery || !isAlive(discovery.pid)) return null;
  return (await probe(discovery.port, patience)) ? discovery : null;
}

/** Deletes the file, unless another server has written it since. */
export async function removeDiscovery(configDir: string, pid: number = process.pid): Promise<void> {
  const discovery = await parseFile(configDir);
  if (discovery?.pid === pid) await rm(fileIn(configDir), { force: true });
}

/** Asks a port of this computer whether a Hairline server that speaks our protocol listens there. */
export async function probe(port: number, patience = PROBE_MS): Promise<Health | null> {
  try {
    const response = await fetch(`http://${LOOPBACK}:${port}/health`, {
      signal: AbortSignal.timeout(patience),
      redirect: 'error',
    });
    const health = (await response.json()) as Partial<Health> | null;
    return health?.name === 'hairline' && health.protocol === PROTOCOL_VERSION ? (health as Health) : null;
  } catch {
    return null;
  }
}

async function parseFile(configDir: string): Promise<Discovery | null> {
  try {
    const json: unknown = JSON.parse(await readFile(fileIn(configDir), 'utf8'));
    return Value.Check(DiscoverySchema, json) ? json : null;
  } catch {
    return null;
  }
}
