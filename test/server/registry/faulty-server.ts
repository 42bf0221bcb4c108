import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface FaultyServer {
  url: string;
  /** What the next requests are answered with; the last one stays. */
  answers: Answer[];
  /** `method path`, with the range that was asked for. */
  seen: { path: string; range: string | undefined; ifRange: string | undefined }[];
  close(): Promise<void>;
}

/** A server of one file on the loopback interface that fails in the ways told. */
export async function startFaultyServer(body: Buffer, ...answers: Answer[]): Promise<FaultyServer> {
  const server = createServer((request, response) => {
    const { range, 'if-range': ifRange } = request.headers;
    faulty.seen.push({ path: request.url ?? '', range, ifRange: ifRange as string | undefined });
    const answer = faulty.answers.length > 1 ? faulty.answers.shift()! : faulty.answers[0]!;
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const faulty: FaultyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: answers.length > 0 ? answers : [whole()],
    seen: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return faulty;
}

/** As a good server does: ranges, If-Range, 416. `cutAt` ends the connection when the file has been sent up to there. */
export function whole({ etag = '"one"', cutAt = Number.POSITIVE_INFINITY } = {}): Answer {
  return (request, response, body) => {
    const { range, 'if-range': condition } = request.headers;
    const asked = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const start = condition === undefined || condition === etag ? asked : 0;
    response.setHeader('etag', etag);
    if (start >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    const headers: Record<string, string | number> = { 'content-length': body.length - start };
    if (start > 0) headers['content-range'] = `bytes ${start}-${body.length - 1}/${body.length}`;
    response.writeHead(start > 0 ? 206 : 200, headers);
    if (request.method === 'HEAD') response.end();
    else sendUpTo(response, body.subarray(start), cutAt - start);
  };
}

/** Knows no ranges. */
export function deafToRanges({ cutAt = Number.POSITIVE_INFINITY } = {}): Answer {
  return (_, response, body) => {
    response.writeHead(200, { 'content-length': body.length });
    sendUpTo(response, body, cutAt);
  };
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_, response) => response.writeHead(code, headers).end('no');
}

/** Sends up to a point and then nothing any more. */
export function hang(at: number): Answer {
  return (_, response, body) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, at));
  };
}

function sendUpTo(response: ServerResponse, body: Buffer, length: number): void {
  if (length >= body.length) response.end(body);
  else response.write(body.subarray(0, length), () => setTimeout(() => response.destroy(), 20));
}
