import { LOOPBACK, PORTS, PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { Health, Ready } from '../../protocol/status.ts';
import { type Cancellation, Cancelled } from '../cancellation.ts';
import { PluginError } from '../errors.ts';
import type { Server } from './client.ts';
import { type Http, HttpFailure, parseJson } from './http.ts';

/** The address first: a plain http:// host name fails on some Macs. The name second: some UXP versions refuse addresses. */
export const HOSTS = [LOOPBACK, 'localhost'] as const;

/** In the order in which they are asked. */
export const ORIGINS = HOSTS.flatMap((host) => PORTS.map((port) => `http://${host}:${port}`));

/** Windows takes two seconds to refuse a closed port; a living server answers in milliseconds. */
const PROBE_TIMEOUT = 1500;

type Probe = { origin: string; health: Health } | { origin: string; failure: unknown } | { origin: string };

/**
 * Answers with the first port, in order, where a Hairline server of our protocol version listens.
 * @param chosen the one address to ask, as an origin; empty: all of them
 */
export function createServerFinder(
  http: Http,
  chosen: () => string = () => '',
): (cancel: Cancellation) => Promise<Server> {
  let lastGood: string | null = null;

  async function probe(origin: string, cancel: Cancellation): Promise<Probe> {
    try {
      const answer = await http({ method: 'GET', url: `${origin}/health`, timeout: PROBE_TIMEOUT, cancel });
      const health = parseJson(answer.body);
      return isHealth(health) ? { origin, health } : { origin };
    } catch (failure) {
      return { origin, failure };
    }
  }

  return async (cancel) => {
    const seen: Probe[] = [];
    const address = chosen();
    const groups = address === '' ? HOSTS.map((host) => PORTS.map((port) => `http://${host}:${port}`)) : [[address]];
    if (lastGood !== null && address === '') groups.unshift([lastGood]);
    for (const origins of groups) {
      // Side by side, because closed ports can be slow to refuse; looked at in order, so the lowest port wins.
      const probes = origins.map((origin) => probe(origin, cancel));
      for (const pending of probes) {
        const found = await pending;
        cancel.throwIfCancelled();
        if ('health' in found && found.health.protocol === PROTOCOL_VERSION) {
          if (address === '') lastGood = found.origin;
          return { ...found, ready: await askReady(http, found.origin, cancel) };
        }
        seen.push(found);
      }
    }
    lastGood = null;
    throw explain(seen);
  };
}

function explain(seen: readonly Probe[]): PluginError {
  for (const probe of seen) {
    if (!('health' in probe)) continue;
    const code = probe.health.protocol < PROTOCOL_VERSION ? 'SERVER_OLDER' : 'SERVER_NEWER';
    return new PluginError(code, { version: probe.health.version });
  }
  const denials = seen.filter(isDenied);
  const detail = denials[0]?.failure.message ?? '';
  return new PluginError(denials.length === seen.length ? 'PERMISSION_DENIED' : 'NOT_RUNNING', {}, detail);
}

function isDenied(probe: Probe): probe is { origin: string; failure: HttpFailure } {
  return 'failure' in probe && probe.failure instanceof HttpFailure && probe.failure.kind === 'denied';
}

/** Readiness only feeds the status line and an early "not downloaded" sentence, so its failure is not a failure. */
async function askReady(http: Http, origin: string, cancel: Cancellation): Promise<Ready | null> {
  try {
    const answer = await http({ method: 'GET', url: `${origin}/ready`, timeout: PROBE_TIMEOUT, cancel });
    const ready = parseJson(answer.body);
    return isReady(ready) ? ready : null;
  } catch (thrown) {
    if (thrown instanceof Cancelled) throw thrown;
    return null;
  }
}

function isHealth(value: unknown): value is Health {
  return (
    isRecord(value) &&
    value.name === 'hairline' &&
    typeof value.version === 'string' &&
    typeof value.protocol === 'number'
  );
}

function isReady(value: unknown): value is Ready {
  return isRecord(value) && typeof value.state === 'string' && typeof value.model === 'string';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
