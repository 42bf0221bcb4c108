import type { FastifyReply } from 'fastify';

/**
 * Calls back once when an answer is complete or its connection is gone. The answer alone does not tell: one that still
 * waits behind another on the same connection (pipelining) is dropped without a `close` event when the client leaves.
 */
export function whenClosed({ raw, request }: FastifyReply, callback: () => void): void {
  const { socket } = request.raw;
  // Requests that came in one piece with one that ended the connection begin when it is gone already.
  if (socket.destroyed || raw.closed) {
    callback();
    return;
  }
  let called = false;
  const done = () => {
    // A socket that closes first closes its answer, and then still calls the listeners it had.
    if (called) return;
    called = true;
    raw.off('close', done);
    socket.off('close', done);
    callback();
  };
  raw.once('close', done);
  // An answer has more listeners than Node expects.
  raw.setMaxListeners(0);
  // A client may send many requests ahead; each is listened for only until its answer is closed.
  socket.setMaxListeners(0);
  socket.once('close', done);
}
