import type { Client, Matte, MatteRequest, Server } from '../../plugin/client/client.ts';
import { ServerError } from '../../plugin/errors.ts';
import type { Alpha, Pixels } from '../../plugin/picture.ts';
import { PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';

const health = { name: 'hairline', version: '0.1.0', protocol: PROTOCOL_VERSION } as const;

type Size = { width: number; height: number };

/** A server that finds everything it is sent fully opaque, unless told otherwise. */
export class FakeClient implements Client {
  server: Server = {
    origin: 'http://127.0.0.1:7866',
    health,
    ready: {
      ...{ ...health, ready: true, state: 'ready', model: 'isnet', provider: 'cpu', label: 'CPU' },
      ...{ reason: null, queued: 0, place: null },
    },
  };
  connectError: Error | null = null;
  matteError: Error | null = null;
  /** Called on entering 'connect', 'upload', 'wait', 'edge'. */
  onStage: (stage: string) => void = () => {};
  level = 1;
  /** Opacity after edge controls. */
  edgeLevel = 0.5;
  requests: MatteRequest[] = [];
  edges: EdgeRequest[] = [];
  /** Mattes that the server keeps: their size by id. */
  kept = new Map<string, Size>();
  keepsMattes = true;

  connect: Client['connect'] = async (cancel) => {
    this.onStage('connect');
    cancel.throwIfCancelled();
    if (this.connectError !== null) throw this.connectError;
    return this.server;
  };

  matte: Client['matte'] = async (_server, request, cancel, progress): Promise<Matte> => {
    const { picture, depth } = request;
    this.requests.push(request);
    progress.onUpload(0.5);
    this.onStage('upload');
    cancel.throwIfCancelled();
    progress.onSent();
    this.onStage('wait');
    cancel.throwIfCancelled();
    if (this.matteError !== null) throw this.matteError;
    const matteId = `matte-${this.requests.length}`;
    if (this.keepsMattes) this.kept.set(matteId, picture);
    return { alpha: this.#alphaFor(picture, depth, this.level), model: 'isnet', provider: 'cpu', matteId };
  };

  edge: Client['edge'] = async (_server, matteId, request, cancel) => {
    const size = this.#find(matteId, request);
    cancel.throwIfCancelled();
    return this.#alphaFor(size, request.depth ?? 8, this.edgeLevel);
  };

  colors: Client['colors'] = async (_server, matteId, request, cancel): Promise<Pixels> => {
    const { width, height } = this.#find(matteId, request);
    cancel.throwIfCancelled();
    return { width, height, channels: 4, depth: 8, data: new Uint8Array(width * height * 4).fill(200) };
  };

  preview: Client['preview'] = async (_server, matteId, request) => {
    this.#find(matteId, request);
    return { type: 'image/png', bytes: new ArrayBuffer(8) };
  };

  #find(matteId: string, request: EdgeRequest): Size {
    this.edges.push(request);
    this.onStage('edge');
    const size = this.kept.get(matteId);
    if (size === undefined) throw new ServerError('MATTE_GONE', 'This matte is no longer kept.', 'Send it again.');
    return size;
  }

  #alphaFor({ width, height }: Size, depth: 8 | 16, level: number): Alpha {
    const data = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
    data.fill(Math.round(level * (depth === 8 ? 255 : 65535)));
    return { width, height, depth, data };
  }
}
