import { PORTS, PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { Health, Ready } from '../../protocol/schemas/status.ts';
import { type Cancellation, Cancelled } from '../cancellation.ts';
import { PluginError } from '../errors.ts';
import { ROUTES } from '../host-profile.ts';
import type { Server } from './client.ts';
import { type Http, HttpFailure, parseJson } from './exchange.ts';
import { race, type Stage } from './race.ts';

/** In the order in which they are preferred. */
export const ORIGINS = originsOf(ROUTES);

export function originsOf(routes: readonly string[]): string[] {
  return routes.flatMap((route) => PORTS.map((port) => `${route}:${port}`));
}

/** A living server answers in milliseconds. A name takes longer: Windows first waits two seconds for `::1` to refuse. */
const PROBE_TIMEOUT = 1500;
const NAME_TIMEOUT = 5000;

/** Head starts, in milliseconds: of what answered last time before all others, and of HTTP before WebSockets. */
const LAST_HEAD_START = 250;
const HTTP_HEAD_START = 300;

export interface FinderOptions {
  /** The one address to ask, as an origin; empty: all of them. */
  chosen?: () => string;
  origins?: readonly string[];
  /** What answered last, kept for the next start; empty: nothing did. */
  memory?: { readonly route: string; noteRoute(origin: string): void };
  /** Asks again for the words of a failure that had none. */
  askForWords?: Http;
}

type Probe = { origin: string; health: Health } | { origin: string; failure: unknown } | { origin: string };
type Found = { origin: string; health: Health };

/** Answers with a Hairline server of our protocol version. */
export function createServerFinder(http: Http, options: FinderOptions = {}): (cancel: Cancellation) => Promise<Server> {
  const { chosen = () => '', origins = ORIGINS, memory, askForWords } = options;
  let last = memory?.route ?? '';
  /** A tunnel of an earlier session does not go before HTTP, which may work by now. */
  let isFresh = false;
  /** What `fetch` said, by origin. What is allowed does not change while Photoshop runs. */
  const words = new Map<string, HttpFailure | null>();

  async function probe(origin: string, cancel: Cancellation): Promise<Probe> {
    const timeout = origin.includes('//localhost') ? NAME_TIMEOUT : PROBE_TIMEOUT;
    try {
      const answer = await http({ method: 'GET', url: `${origin}/health`, timeout, cancel });
      const health = parseJson(answer.body);
      return isHealth(health) ? { origin, health } : { origin };
    } catch (failure) {
      return { origin, failure };
    }
  }

  function stages(): Stage[] {
    const address = chosen();
    const all = address === '' ? origins : [address, address.replace(/^http/, 'ws')].filter(isFirst);
    const known = all.includes(last) ? last : '';
    const goesAlone = known !== '' && (isFresh || !isSocket(known));
    const others = all.filter((origin) => origin !== known);
    return [
      { origins: goesAlone ? [known] : [], headStart: LAST_HEAD_START },
      {
        origins: others.filter((origin) => !isSocket(origin)),
        headStart: known !== '' && !goesAlone ? 0 : HTTP_HEAD_START,
      },
      { origins: [...(goesAlone || known === '' ? [] : [known]), ...others.filter(isSocket)], headStart: 0 },
    ].filter(({ origins }) => origins.length > 0);
  }

  return async (cancel) => {
    const { best, seen } = await race<Probe>(stages(), probe, isGood, cancel);
    cancel.throwIfCancelled();
    if (best !== null && isGood(best)) {
      // An address that was chosen says nothing of what works elsewhere.
      if (chosen() === '') {
        if (best.origin !== last) memory?.noteRoute(best.origin);
        last = best.origin;
        isFresh = true;
      }
      return { ...best, ready: await askReady(http, best.origin, cancel) };
    }
    throw explain(await Promise.all(seen.map((failed) => withWords(failed, cancel))));
  };

  /** XMLHttpRequest does not say that it was refused, `fetch` does: each address is asked once. */
  async function withWords(failed: Probe, cancel: Cancellation): Promise<Probe> {
    const { origin } = failed;
    if (!askForWords || isSocket(origin) || !('failure' in failed) || kindOf(failed) !== 'network') return failed;
    if (!words.has(origin)) words.set(origin, await hearDenial(askForWords, origin, cancel));
    cancel.throwIfCancelled();
    const denial = words.get(origin);
    return denial ? { origin, failure: denial } : failed;
  }
}

async function hearDenial(ask: Http, origin: string, cancel: Cancellation): Promise<HttpFailure | null> {
  try {
    await ask({ method: 'GET', url: `${origin}/health`, timeout: NAME_TIMEOUT, cancel });
  } catch (thrown) {
    if (thrown instanceof HttpFailure && thrown.kind === 'denied') return thrown;
  }
  return null;
}

function explain(seen: readonly Probe[]): PluginError {
  for (const probe of seen) {
    if (!('health' in probe)) continue;
    const code = probe.health.protocol < PROTOCOL_VERSION ? 'SERVER_OLDER' : 'SERVER_NEWER';
    return new PluginError(code, { version: probe.health.version });
  }
  const unreadable = seen.find((probe) => kindOf(probe) === 'unreadable');
  if (unreadable) return new PluginError('BAD_ANSWER', {}, detailOf(unreadable));
  const denied = seen.filter((probe) => kindOf(probe) === 'denied');
  // A WebSocket that was refused says no more than XMLHttpRequest: it is believed to share the fate of its host.
  const hosts = new Set(denied.map(({ origin }) => hostOf(origin)));
  const isDenied = (probe: Probe) =>
    denied.includes(probe) ||
    (isSocket(probe.origin) && kindOf(probe) === 'network' && hosts.has(hostOf(probe.origin)));
  const code = denied.length > 0 && seen.every(isDenied) ? 'PERMISSION_DENIED' : 'NOT_RUNNING';
  return new PluginError(code, {}, denied[0] ? detailOf(denied[0]) : '');
}

const isSocket = (origin: string) => origin.startsWith('ws');
const hostOf = (origin: string) => origin.replace(/^\w+:/, '');
const isFirst = (origin: string, at: number, all: readonly string[]) => all.indexOf(origin) === at;

function isGood(probe: Probe): probe is Found {
  return 'health' in probe && probe.health.protocol === PROTOCOL_VERSION;
}

function kindOf(probe: Probe): HttpFailure['kind'] | null {
  return 'failure' in probe && probe.failure instanceof HttpFailure ? probe.failure.kind : null;
}

function detailOf(probe: Probe): string {
  return 'failure' in probe && probe.failure instanceof HttpFailure ? probe.failure.message : '';
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
