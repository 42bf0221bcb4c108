import { type ClientRequest, type IncomingMessage, request as openRequest, type Server } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import Value from 'typebox/value';
import type { WebSocket } from 'ws';
import { type TunnelNews, TunnelRequest } from '../../protocol/schemas/tunnel.ts';
import { TUNNEL_CHUNK } from '../../protocol/tunnel.ts';

/** As much as Node takes of the headers of a request. */
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_TIMEOUT = 5000;
/** For a client to hang up once it has its answer; some take seconds to say so. */
const CLOSE_TIMEOUT = 2000;

/** Headers of the WebSocket's own request, by which access control judges. A request inside may not replace them. */
const OF_THE_DOOR = /^(host|origin|authorization|user-agent|sec-fetch-.*)$/;
/** Headers of a connection, not of a request. */
const OF_THE_CONNECTION =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|content-length|sec-.*)$/;

/** Largest message that is taken. */
export const MAX_MESSAGE_BYTES = TUNNEL_CHUNK;

/**
 * Serves one HTTP exchange over a WebSocket that access control has let in: the request becomes a connection of `server`, so
 * that it meets the same routes, limits, times and errors as any other, and access control once more. Neither side's body is
 * buffered: each end waits for the other. A client that hangs up cancels; an answer that breaks off closes the WebSocket.
 * @param upgrade the request that opened the WebSocket
 */
export function serveTunnel(server: Server, socket: WebSocket, upgrade: IncomingMessage): void {
  // The usual limit on silence, which ends with the HTTP part of a connection otherwise.
  upgrade.socket.setTimeout(server.timeout);
  upgrade.socket.on('timeout', () => socket.terminate());
  const late = setTimeout(() => socket.close(1008, 'No request came.'), HEAD_TIMEOUT);
  socket.once('close', () => clearTimeout(late));
  // A frame that is no frame, or too large: `ws` closes it, and `close` is heard below.
  socket.on('error', () => undefined);
  socket.once('message', (data: Buffer, isBinary: boolean) => {
    clearTimeout(late);
    const head = isBinary ? null : readHead(data);
    if (head) open(server, socket, upgrade, head);
    else socket.close(1002, 'The first message must be a request.');
  });
}

function readHead(data: Buffer): TunnelRequest | null {
  if (data.length > MAX_HEAD_BYTES) return null;
  try {
    const head: unknown = JSON.parse(data.toString());
    return Value.Check(TunnelRequest, head) ? head : null;
  } catch {
    return null;
  }
}

function open(server: Server, socket: WebSocket, upgrade: IncomingMessage, head: TunnelRequest): void {
  let message: ClientRequest;
  try {
    // Node refuses characters that do not belong there.
    message = openRequest({
      method: head.method,
      path: head.path,
      headers: headersOf(upgrade, head),
      createConnection: () => connect(server, upgrade),
    });
  } catch {
    socket.close(1002, 'The request cannot be sent.');
    return;
  }
  const say = (news: TunnelNews) => socket.send(JSON.stringify(news));
  let received = 0;
  let taken = 0;
  let isAnswering = false;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    received += data.length;
    if (!isBinary || received > head.bytes) return socket.close(1002, 'The body is longer than was said.');
    // A refusal comes before the body is through; the rest of it is of no use.
    if (isAnswering) return;
    const hasRoom = message.write(data, (failure) => {
      taken += data.length;
      if (!failure && !isAnswering) say({ taken });
    });
    if (received === head.bytes) message.end();
    else if (!hasRoom) {
      socket.pause();
      message.once('drain', () => socket.resume());
    }
  });
  message.on('response', async (response) => {
    isAnswering = true;
    socket.resume();
    say({ status: response.statusCode!, headers: headersOfAnswer(response) });
    try {
      for await (const chunk of response) await send(socket, chunk);
      say({ end: true });
      socket.close(1000);
    } catch {
      socket.close(1011, 'The answer broke off.');
    }
    const slow = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT);
    socket.once('close', () => clearTimeout(slow));
  });
  message.on('error', () => {
    if (!isAnswering) socket.close(1011, 'No answer came.');
  });
  socket.once('close', () => message.destroy());
  if (head.bytes === 0) message.end();
}

/** The server's end has the addresses of the real connection, by which access control judges. */
function connect(server: Server, { socket }: IncomingMessage): Duplex {
  const [near, far] = duplexPair();
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = socket;
  Object.assign(far, { remoteAddress, remotePort, remoteFamily, localAddress, localPort });
  // Silence is that of the real connection.
  Object.assign(far, {
    setTimeout(milliseconds: number) {
      socket.setTimeout(milliseconds);
      return far;
    },
  });
  near.once('close', () => far.destroy());
  far.once('close', () => near.destroy());
  far.on('error', () => undefined);
  server.emit('connection', far);
  return near;
}

function headersOf({ headers: door }: IncomingMessage, { headers, bytes, method }: TunnelRequest) {
  const inner = Object.entries(headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return !OF_THE_DOOR.test(lower) && !OF_THE_CONNECTION.test(lower);
  });
  const outer = Object.entries(door).filter(([name]) => OF_THE_DOOR.test(name));
  const length = bytes > 0 || method === 'POST' ? { 'content-length': bytes } : {};
  return { ...Object.fromEntries([...inner, ...outer]), ...length };
}

function headersOfAnswer({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function send(socket: WebSocket, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(chunk, { binary: true }, (failure) => (failure ? reject(failure) : resolve()));
  });
}
