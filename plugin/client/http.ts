import { BYTE_READERS, type ByteReader } from '../host-profile.ts';
import type { Http } from './exchange.ts';
import { createFetchHttp } from './fetch-http.ts';
import { createSocketHttp } from './socket-http.ts';
import { createXhrHttp } from './xhr-http.ts';

/** What the runtime offers to reach a server with. Each may throw, or be missing, until it is needed. */
export interface Ways {
  createXhr: () => XMLHttpRequest;
  ask: typeof fetch;
  openSocket: (url: string) => WebSocket;
  readers: readonly ByteReader[];
}

const UXP: Ways = {
  createXhr: () => new XMLHttpRequest(),
  ask: (...asked) => fetch(...asked),
  openSocket: (url) => new WebSocket(url),
  readers: BYTE_READERS,
};

export interface Network {
  /** The scheme of an address chooses the way: `ws` the tunnel, everything else XMLHttpRequest. */
  http: Http;
  /** Asks once more, for the words of a failure. */
  askForWords: Http;
}

export function createNetwork(ways: Partial<Ways> = {}): Network {
  const { createXhr, ask, openSocket, readers } = { ...UXP, ...ways };
  const askForWords = createFetchHttp(ask);
  const overXhr = createXhrHttp(createXhr, askForWords, readers);
  const overSocket = createSocketHttp(openSocket);
  return { http: (request) => (/^wss?:/.test(request.url) ? overSocket : overXhr)(request), askForWords };
}
