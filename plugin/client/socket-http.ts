import type { TunnelNews, TunnelRequest } from '../../protocol/schemas/tunnel.ts';
import { TUNNEL_CHUNK, TUNNEL_PATH, TUNNEL_WINDOW } from '../../protocol/tunnel.ts';
import {
  type End,
  exchange,
  type Http,
  type HttpRequest,
  isArrayBuffer,
  joinBuffers,
  watchUpload,
} from './exchange.ts';

/** One WebSocket for each request (see protocol/tunnel.ts): where Photoshop lets the panel do nothing else. */
export function createSocketHttp(openSocket: (url: string) => WebSocket): Http {
  return (request) =>
    exchange(request, (end) => {
      const [, origin, path] = /^(wss?:\/\/[^/]+)(.*)$/.exec(request.url)!;
      const socket = openSocket(origin + TUNNEL_PATH);
      socket.binaryType = 'arraybuffer';
      const talk = new Talk(socket, request, end);
      socket.onopen = () => talk.begin(path!);
      socket.onmessage = ({ data }) => talk.hear(data);
      socket.onerror = (event) => end.fail(event);
      socket.onclose = () => end.fail('The connection was closed');
      return () => socket.close();
    });
}

class Talk {
  private readonly socket: WebSocket;
  private readonly request: HttpRequest;
  private readonly end: End;
  private readonly told: (loaded: number) => void;
  private readonly body: ArrayBuffer;
  private sent = 0;
  private taken = 0;
  private head: { status: number; headers: Record<string, string> } | null = null;
  private readonly parts: (ArrayBuffer | Blob)[] = [];

  constructor(socket: WebSocket, request: HttpRequest, end: End) {
    this.socket = socket;
    this.request = request;
    this.end = end;
    this.told = watchUpload(request, end);
    this.body = request.body ?? new ArrayBuffer(0);
  }

  begin(path: string): void {
    const { method, headers = {} } = this.request;
    const first: TunnelRequest = { method, path, headers, bytes: this.body.byteLength };
    this.socket.send(JSON.stringify(first));
    this.pump();
  }

  hear(data: unknown): void {
    if (this.end.isOver) return;
    if (typeof data !== 'string') {
      this.parts.push(data as ArrayBuffer | Blob);
      return;
    }
    const news = JSON.parse(data) as TunnelNews;
    if ('taken' in news) {
      this.taken = news.taken;
      this.told(this.taken);
      this.pump();
    } else if ('status' in news) this.head = news;
    else void this.finish();
  }

  /** As much as the server has room for. Once it answers it wants no more. */
  private pump(): void {
    const { body } = this;
    while (this.head === null && this.sent < body.byteLength && this.sent - this.taken < TUNNEL_WINDOW) {
      const next = Math.min(this.sent + TUNNEL_CHUNK, body.byteLength);
      this.socket.send(body.slice(this.sent, next));
      this.sent = next;
    }
  }

  private async finish(): Promise<void> {
    const { head } = this;
    // A runtime that does not know `binaryType` gives Blobs.
    const parts = await Promise.all(this.parts.map((part) => (isArrayBuffer(part) ? part : part.arrayBuffer())));
    if (head !== null) {
      this.end.answer({ status: head.status, body: joinBuffers(parts), header: (name) => head.headers[name] ?? '' });
    }
    this.socket.close();
  }
}
