import { exchange, type Http } from './exchange.ts';

/** `fetch`: no upload progress, and hanging up only means not to listen. Its errors have words where those of
 *  XMLHttpRequest have none. */
export function createFetchHttp(ask: typeof fetch): Http {
  return (request) =>
    exchange(request, (end) => {
      const { method, headers = {}, body } = request;
      ask(request.url, body ? { method, headers, body } : { method, headers })
        .then(async (response) => {
          const bytes = await response.arrayBuffer();
          end.answer({ status: response.status, body: bytes, header: (name) => response.headers.get(name) ?? '' });
        })
        .catch((thrown) => end.fail(thrown));
      return () => {};
    });
}
