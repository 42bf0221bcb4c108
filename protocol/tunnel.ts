/**
 * `GET /v1/tunnel`: one HTTP exchange over one WebSocket, for hosts that let a panel open nothing else. The client sends a
 * `TunnelRequest` (schemas/tunnel.ts) as text and then its body in binary messages; the server answers with text messages (`TunnelNews`) and
 * the body of the answer in binary ones. Hanging up cancels.
 */
export const TUNNEL_PATH = '/v1/tunnel';

/** Largest message of a body, in bytes. */
export const TUNNEL_CHUNK = 256 * 1024;

/** How many bytes of its body a client sends beyond those that the server has taken. */
export const TUNNEL_WINDOW = 16 * TUNNEL_CHUNK;
