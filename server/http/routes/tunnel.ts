import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer } from 'ws';
import { TUNNEL_PATH } from '../../../protocol/tunnel.ts';
import { AppError } from '../../errors.ts';
import { EVERYWHERE, failures } from '../failures.ts';
import { MAX_MESSAGE_BYTES, serveTunnel } from '../tunnel.ts';

const DESCRIPTION = {
  summary: 'One request over a WebSocket',
  description:
    'For programs that may open nothing else. First a text message {method, path, headers, bytes}, then the body in binary ' +
    'messages; text messages {taken} tell how much of it has arrived. The answer begins with {status, headers}, goes on in ' +
    'binary messages and is complete with {end: true}. Hanging up cancels.',
  response: {
    101: { description: 'The WebSocket is open.', type: 'null' },
    ...failures(...EVERYWHERE, 'BAD_REQUEST'),
  },
};

/** `GET /v1/tunnel`. The request that opens a WebSocket goes through access control like any other. */
export function registerTunnel(app: FastifyInstance): void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  const waiting = new WeakMap<IncomingMessage, { response: ServerResponse; head: Buffer }>();

  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Until the route takes it, or for ever if it is refused.
    socket.on('error', () => socket.destroy());
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return answerPlainly(app, request, socket, head);
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    // A refusal is all that this connection is for.
    response.shouldKeepAlive = false;
    response.once('finish', () => socket.end());
    waiting.set(request, { response, head });
    app.routing(request, response);
  });

  app.get(TUNNEL_PATH, { exposeHeadRoute: false, config: { described: DESCRIPTION } }, (request, reply) => {
    const upgrade = waiting.get(request.raw);
    if (!upgrade) throw new AppError('BAD_REQUEST', 'This address is for WebSockets.');
    const { socket } = request.raw;
    // For who counts requests.
    reply.code(101).hijack();
    upgrade.response.detachSocket(socket);
    sockets.handleUpgrade(request.raw, socket, upgrade.head, (opened) => serveTunnel(app.server, opened, request.raw));
  });
}

/** Programs that offer another protocol (`h2c`) are answered in the one that they speak, as if they had not. */
function answerPlainly({ server }: FastifyInstance, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!;
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${request.rawHeaders[i + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
