import type { Command } from 'commander';
import type { Ready } from '../../../protocol/schemas/status.ts';
import { type Config, loadUserConfig } from '../../config/config.ts';
import { PATIENT_MS, probe } from '../../system/discovery.ts';
import { locateServer } from '../matte/connection.ts';
import { EXIT, type Terminal } from '../terminal.ts';

/** Adds `hairline status`. */
export function registerStatus(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('status')
    .description('print whether the server is running, where, and with what; exit code 1 when it is not')
    .option('--json', 'print one JSON object instead')
    .action(async ({ json = false }: { json?: boolean }) => {
      exit(await showStatus(loadUserConfig(), terminal, { json }));
    });
}

/** @returns the exit code: failed when no server runs. */
export async function showStatus(
  config: Config,
  terminal: Terminal,
  { json = false }: { json?: boolean } = {},
): Promise<number> {
  const found = await locateServer(config, PATIENT_MS);
  const ready = found && (await askReady(found.url));
  if (!found || !ready) {
    if (json) terminal.result(JSON.stringify({ running: false }));
    else terminal.say('Hairline is not running. Start it with "hairline serve".');
    terminal.flush();
    return EXIT.failed;
  }
  const { pid = null, startedAt = null } = found.announced ?? {};
  if (json) {
    const { ready: isReady, state, version, model, provider, label, reason, queued } = ready;
    const server = { version, url: found.url, pid, startedAt, ready: isReady };
    terminal.result(JSON.stringify({ running: true, ...server, state, model, provider, label, reason, queued }));
  } else {
    terminal.result(`Hairline ${ready.version} is running at ${found.url}`);
    terminal.result(`Model     ${ready.model}, ${describeState(ready)}`);
    terminal.result(`Queue     ${ready.queued === 0 ? 'empty' : `${ready.queued} waiting or running`}`);
    if (startedAt) terminal.result(`Since     ${describeSince(startedAt, new Date())}`);
  }
  terminal.flush();
  return EXIT.ok;
}

async function askReady(url: string): Promise<Ready | null> {
  try {
    // A 503 has the same shape: it says what the model is waiting for.
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(PATIENT_MS), redirect: 'error' });
    const body = (await response.json()) as Partial<Ready>;
    if (body.state !== undefined) return body as Ready;
  } catch {
    // Handled below: the server may have ended since it was found.
  }
  const health = await probe(Number(new URL(url).port));
  const unknown = { ready: false, state: 'failed', model: 'unknown', provider: null, label: null } as const;
  return health && { ...health, ...unknown, reason: 'It does not report its state.', queued: 0, place: null };
}

function describeState({ state, label, reason }: Ready): string {
  const why = reason ? ` (${reason})` : '';
  return state === 'ready' ? `ready on ${label}${why}` : `${state}${why}`;
}

/** `2026-11-22 09:30 (3 h 5 min)`, in local time. */
export function describeSince(startedAt: string, now: Date): string {
  const start = new Date(startedAt);
  if (Number.isNaN(start.getTime())) return 'unknown';
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${start.getFullYear()}-${two(start.getMonth() + 1)}-${two(start.getDate())}`;
  const minutes = Math.max(0, Math.floor((now.getTime() - start.getTime()) / 60_000));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  const parts = [days > 0 && `${days} d`, (days > 0 || hours > 0) && `${hours} h`, `${minutes % 60} min`];
  return `${day} ${two(start.getHours())}:${two(start.getMinutes())} (${parts.filter(Boolean).join(' ')})`;
}
