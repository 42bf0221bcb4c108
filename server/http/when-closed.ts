import type { FastifyReply } from 'fastify';

/**
 * Calls back once when an answer is complete or its connection is closed. The answer alone is not enough: one that is
 * queued behind another on the same connection (pipelining) is dropped without a `close` event when the client
 * disconnects.
 */
export function whenClosed({ raw, request }: FastifyReply, callback: () => void): void {
  const { socket } = request.raw;
  // Pipelined requests after one that closed the connection start on a socket that is already gone.
  if (socket.destroyed || raw.closed) {
    callback();
    return;
  }
  let called = false;
  const done = () => {
    // A socket that closes first closes its answer, and then still calls its listeners.
    if (called) return;
    called = true;
    raw.off('close', done);
    socket.off('close', done);
    callback();
  };
  raw.once('close', done);
  // An answer has more listeners than Node's default limit.
  raw.setMaxListeners(0);
  // A client may pipeline many requests; the listener of each is removed when its answer closes.
  socket.setMaxListeners(0);
  socket.once('close', done);
}
