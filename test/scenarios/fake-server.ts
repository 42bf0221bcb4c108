import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { LOOPBACK, PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import { serveTunnel } from '../../server/http/tunnel.ts';

const RED_POINT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';

export interface Received {
  width: number;
  height: number;
  channels: number;
  depth: number;
  subject: string | null;
  body: Buffer;
  /** What follows the pixels; null where the request names no mask. */
  mask: Buffer | null;
}

/** The server's wire without a model: everything inside the ellipse that fills the picture is the subject. */
export class FakeServer {
  received: Received[] = [];
  protocol = PROTOCOL_VERSION;
  state = 'ready';
  /** Called when a picture has arrived, before the answer; may take its time or throw an answer of its own. */
  onPicture: (received: Received) => Promise<void> | void = () => {};
  /** Called on each health request, before the answer. */
  onHealth: () => unknown = () => {};
  /** Answers of `POST /v1/mattes` to give first: status and error code. */
  failures: { status: number; code: string; retryAfter?: string }[] = [];
  name = 'hairline';
  /** Bodies of `POST /v1/mattes/:id/edge`; `keepsNothing`: they are answered with MATTE_GONE. */
  edges: EdgeRequest[] = [];
  keepsNothing = false;
  /** How many of them have had their answer. */
  answered = 0;
  /** Called when one has arrived, before the answer. */
  onEdge: () => void = () => {};
  /** What goes wrong with probes: slow answers, bodies, and hearing of a client that is gone. */
  dropsSlow = false;
  truncates = false;
  missesHangUps = false;
  readonly #probes = new Map<string, { state: string; received: number }>();
  #firstKept = 0;
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  readonly #sockets = new WebSocketServer({ noServer: true });

  constructor() {
    // Here, as a test file may start the same server before each of its tests.
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (opened) => serveTunnel(this.#server, opened, request));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, LOOPBACK, resolve));
    return this;
  }

  /** Every matte made so far is answered with MATTE_GONE. */
  forgetMattes(): void {
    this.#firstKept = this.received.length;
  }

  /** As when the server dies. */
  dropConnections(): void {
    this.#server.closeAllConnections();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const health = { name: this.name, version: '0.1.0', protocol: this.protocol };
    if (url.pathname === '/health') {
      this.onHealth();
      return sendJson(response, 200, health);
    }
    if (url.pathname === '/ready') {
      const ready = this.state === 'ready';
      const body = { ...health, ready, state: this.state, model: 'isnet', provider: 'cpu', reason: null, queued: 0 };
      return sendJson(response, ready ? 200 : 503, body);
    }
    if (url.pathname.startsWith('/v1/probe')) return this.#answerProbe(url, request, response);
    const edge = /^\/v1\/mattes\/(\d+)\/edge$/.exec(url.pathname);
    if (edge) return this.#answerEdge(Number(edge[1]), request, response);
    const received = { ...(await receive(request)), subject: url.searchParams.get('subject') };
    this.received.push(received);
    const failure = this.failures.shift();
    if (failure !== undefined) {
      if (failure.retryAfter !== undefined) response.setHeader('retry-after', failure.retryAfter);
      return sendJson(response, failure.status, {
        error: { code: failure.code, message: 'The server says no.', hint: 'Ask again.' },
      });
    }
    await this.onPicture(received);
    const depth = url.searchParams.get('depth') === '16' ? 16 : 8;
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'x-image-width': received.width,
      'x-image-height': received.height,
      'x-image-channels': 1,
      'x-image-depth': depth,
      'x-model': 'isnet',
      'x-provider': 'cpu',
      'x-matte-id': this.received.length - 1,
    });
    response.end(ellipse(received.width, received.height, depth));
  }

  /** As the real one, but an answer that is meant to be slow comes at once, or never where `dropsSlow`. */
  async #answerProbe(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = url.pathname.split('/')[3];
    if (asked !== undefined) return sendJson(response, 200, this.#probes.get(asked));
    const probe = { state: 'open', received: 0 };
    this.#probes.set(url.searchParams.get('id') ?? '', probe);
    response.on('close', () => {
      if (!this.missesHangUps) probe.state = response.writableFinished ? 'answered' : 'closed';
    });
    try {
      for await (const chunk of request) probe.received += (chunk as Buffer).length;
    } catch {
      return;
    }
    const delay = Number(url.searchParams.get('delay') ?? 0);
    if (delay >= 30 && this.dropsSlow) return void response.destroy();
    if (this.truncates) probe.received--;
    if (delay < 1 || delay >= 30) sendJson(response, 200, { ...probe, state: 'answered' });
  }

  /** A red point for who only looks; else the matte, hardened by any contrast, or the picture under it with its blue taken
   *  out of soft edges. */
  async #answerEdge(id: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const picture = this.received[id]!;
    const asked = JSON.parse((await receive(request)).body.toString()) as EdgeRequest;
    this.edges.push(asked);
    this.onEdge();
    this.answered++;
    if (this.keepsNothing || id < this.#firstKept) {
      return sendJson(response, 404, { error: { code: 'MATTE_GONE', message: 'Gone.', hint: 'Send it again.' } });
    }
    if (request.headers.accept?.startsWith('image/')) {
      response.writeHead(200, { 'content-type': 'image/png' });
      response.end(Buffer.from(RED_POINT, 'base64'));
      return;
    }
    const depth = asked.depth ?? 8;
    const colors = asked.output === 'cutout' || asked.output === 'foreground';
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'x-image-width': picture.width,
      'x-image-height': picture.height,
      'x-image-channels': colors ? 4 : 1,
      'x-image-depth': depth,
    });
    const hard = (asked.contrast ?? 0) > 0;
    response.end(colors ? cutOut(picture, depth) : ellipse(picture.width, picture.height, depth, hard));
  }
}

function cutOut({ width, height, channels, body }: Received, depth: 8 | 16): Buffer {
  const full = depth === 8 ? 255 : 65535;
  const [from, out] =
    depth === 8
      ? [body, new Uint8Array(width * height * 4)]
      : [new Uint16Array(new Uint8Array(body).buffer), new Uint16Array(width * height * 4)];
  for (let pixel = 0; pixel < width * height; pixel++) {
    const opacity = ellipseAt(pixel % width, Math.floor(pixel / width), width, height);
    for (let channel = 0; channel < 3; channel++) out[pixel * 4 + channel] = from[pixel * channels + channel]!;
    if (opacity > 0 && opacity < 1) out[pixel * 4 + 2] = 0;
    out[pixel * 4 + 3] = Math.round(opacity * full);
  }
  return Buffer.from(out.buffer);
}

/** Opacity 0..1 of the ellipse that touches all four sides, with a soft edge so that every value occurs. */
export function ellipseAt(x: number, y: number, width: number, height: number): number {
  const distance = Math.hypot((2 * x + 1) / width - 1, (2 * y + 1) / height - 1);
  return Math.min(1, Math.max(0, (1 - distance) * 4));
}

function ellipse(width: number, height: number, depth: 8 | 16, hard = false): Buffer {
  const alpha = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  const full = depth === 8 ? 255 : 65535;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const soft = ellipseAt(x, y, width, height);
      alpha[y * width + x] = Math.round((hard ? Math.round(soft) : soft) * full);
    }
  }
  return Buffer.from(alpha.buffer);
}

async function receive(request: IncomingMessage): Promise<Omit<Received, 'subject'>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const number = (name: string) => Number(request.headers[name]);
  const size = { width: number('x-image-width'), height: number('x-image-height') };
  const picture = { ...size, channels: number('x-image-channels'), depth: number('x-image-depth') };
  const body = Buffer.concat(chunks);
  const bits = number('x-image-mask');
  if (!(bits > 0)) return { ...picture, body, mask: null };
  const pixels = (size.width * size.height * picture.channels * picture.depth) / 8;
  if (body.length !== pixels + (size.width * size.height * bits) / 8) throw new Error('the mask has another size');
  return { ...picture, body: body.subarray(0, pixels), mask: body.subarray(pixels) };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
