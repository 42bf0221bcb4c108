import { RAW_TYPE } from '../../protocol/matte.ts';
import { Cancellation } from '../cancellation.ts';
import { type HttpAnswer, type HttpRequest, isArrayBuffer, parseJson } from '../client/exchange.ts';
import type { Network } from '../client/http.ts';
import { BYTE_READERS, type ByteReader, inFront, ROUTES, type Route } from '../host-profile.ts';
import type { Finding, Probe, Seen } from './probe.ts';
import { tell, tellEach } from './tell.ts';

export interface Wire extends Network {
  /** The origin at which the server answers. */
  findServer(cancel: Cancellation): Promise<string>;
}

/** Where nothing listens, and what the manifest does not list. */
const CLOSED = '127.0.0.1:1/';
const UPLOADS = [1, 32, 128];
const DELAYS = [35, 65];

/** How Photoshop reaches the server. `quick` ones take no time. */
export function networkProbes(wire: Wire): { quick: Probe[]; slow: Probe[] } {
  const ask = (request: Pick<HttpRequest, 'url' | 'cancel'> & Partial<HttpRequest>): HttpRequest => ({
    ...{ method: 'GET', timeout: 6000 },
    ...request,
  });
  const on = (
    id: Probe['id'],
    limit: number,
    use: (origin: string, cancel: Cancellation) => Promise<Finding>,
  ): Probe => ({
    ...{ id, limit },
    run: async (cancel) => use(await wire.findServer(cancel), cancel),
  });

  async function tryRoutes(origin: string, cancel: Cancellation): Promise<Finding> {
    const port = origin.replace(/.*:/, '');
    const seen: Record<string, Seen> = {};
    const working: Route[] = [];
    const attempts = ROUTES.flatMap((route) => {
      const request = ask({ url: `${route}:${port}/health`, cancel });
      const plain = timed(async () => {
        await wire.http(request);
        working.push(route);
      });
      const fetched = timed(() => wire.askForWords(request));
      return route.startsWith('ws') ? [note(route, plain)] : [note(route, plain), note(`${route} fetch`, fetched)];
    });
    async function note(name: string, attempt: Promise<Seen>): Promise<void> {
      seen[name] = await attempt;
    }
    await Promise.all(attempts);
    const routes = inFront(
      ROUTES,
      ROUTES.filter((route) => working.includes(route)),
    );
    return { seen, expected: working.length === ROUTES.length, profile: { routes } };
  }

  async function tryBytes(origin: string, cancel: Cancellation): Promise<Finding> {
    const working: ByteReader[] = [];
    const seen = await tellEach(BYTE_READERS, async (reader) => {
      const { body } = await wire.readWith(reader)(ask({ url: `${origin}/health`, cancel }));
      if (isArrayBuffer(body)) working.push(reader);
      return isArrayBuffer(body) ? 'bytes' : 'text';
    });
    const expected = working.includes('arrayBuffer');
    return { seen, expected, profile: { byteReaders: inFront(BYTE_READERS, working) } };
  }

  async function hearRefusals(_origin: string, cancel: Cancellation): Promise<Finding> {
    const hear = (http: Network['http'], scheme: string) =>
      tell(async () => {
        await http(ask({ url: `${scheme}://${CLOSED}`, cancel }));
        return 'answers';
      });
    const seen = {
      xhr: await hear(wire.http, 'http'),
      fetch: await hear(wire.askForWords, 'http'),
      ws: await hear(wire.http, 'ws'),
    };
    return { seen, expected: seen.fetch !== '' && Object.values(seen).every((words) => words !== 'answers') };
  }

  async function upload(origin: string, cancel: Cancellation): Promise<Finding> {
    const seen: Record<string, Seen> = {};
    let complete = true;
    for (const megabytes of UPLOADS) {
      const body = new ArrayBuffer(megabytes << 20);
      for (const [name, http] of [
        ['xhr', wire.http],
        ['fetch', wire.askForWords],
      ] as const) {
        let events = 0;
        const onUpload = () => void events++;
        const start = Date.now();
        seen[`${megabytes} MB ${name}`] = await tell(async () => {
          const answer = await http(
            ask({ ...POST, url: `${origin}/v1/probe`, body, onUpload, timeout: 40_000, cancel }),
          );
          complete = complete && stateOf(answer).received === body.byteLength;
          return `${answer.status}, ${Math.round((megabytes * 1000) / (Date.now() - start + 1))} MB/s, ${events} events`;
        });
        complete = complete && String(seen[`${megabytes} MB ${name}`]).startsWith('200');
      }
    }
    return { seen, expected: complete };
  }

  async function waitLong(origin: string, cancel: Cancellation): Promise<Finding> {
    const wait = (delay: number) =>
      timed(() => wire.http(ask({ ...POST, url: `${origin}/v1/probe?delay=${delay}`, timeout: 80_000, cancel })));
    const seen = await Promise.all(DELAYS.map(wait));
    return { seen, expected: seen.every((answer) => typeof answer === 'number') };
  }

  /** Whether the server hears of it when we hang up. */
  async function hangUp(origin: string, cancel: Cancellation): Promise<Finding> {
    const id = `check-${Date.now()}`;
    const own = new Cancellation();
    const asked = wire.http(
      ask({ ...POST, url: `${origin}/v1/probe?delay=20&id=${id}`, timeout: 20_000, cancel: own }),
    );
    asked.catch(() => {});
    await cancel.sleep(500);
    own.cancel();
    await cancel.sleep(500);
    const { state } = stateOf(await wire.http(ask({ url: `${origin}/v1/probe/${id}`, cancel })));
    return { seen: String(state), expected: state === 'closed' };
  }

  return {
    quick: [on('routes', 20, tryRoutes), on('bytes', 20, tryBytes)],
    slow: [
      on('refusals', 30, hearRefusals),
      on('hangUp', 20, hangUp),
      on('uploads', 200, upload),
      on('slowAnswers', 90, waitLong),
    ],
  };
}

const POST = { method: 'POST', headers: { 'content-type': RAW_TYPE }, body: new ArrayBuffer(1) } as const;

function stateOf({ body }: HttpAnswer): { state?: unknown; received?: unknown } {
  return (parseJson(body) ?? {}) as { state?: unknown; received?: unknown };
}

/** Milliseconds until it answered, or the words with which it failed. */
function timed(attempt: () => Promise<unknown>): Promise<Seen> {
  const start = Date.now();
  return tell(async () => {
    await attempt();
    return Date.now() - start;
  });
}
