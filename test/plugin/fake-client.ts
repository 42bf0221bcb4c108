import type { Client, Matte, MatteRequest, Server } from '../../plugin/client/client.ts';
import type { Alpha, Picture } from '../../plugin/picture.ts';
import { PROTOCOL_VERSION } from '../../protocol/limits.ts';

const health = { name: 'hairline', version: '0.1.0', protocol: PROTOCOL_VERSION } as const;

/** A server that finds everything it is sent fully opaque, unless told otherwise. */
export class FakeClient implements Client {
  server: Server = {
    origin: 'http://127.0.0.1:7866',
    health,
    ready: { ...health, ready: true, state: 'ready', model: 'isnet', provider: 'cpu', reason: null, queued: 0 },
  };
  connectError: Error | null = null;
  matteError: Error | null = null;
  /** Called on entering 'connect', 'upload', 'wait'. */
  onStage: (stage: string) => void = () => {};
  level = 1;
  requests: MatteRequest[] = [];

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
    return { alpha: this.alphaFor(picture, depth), model: 'isnet', provider: 'cpu' };
  };

  private alphaFor({ width, height }: Picture, depth: 8 | 16): Alpha {
    const data = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
    data.fill(Math.round(this.level * (depth === 8 ? 255 : 65535)));
    return { width, height, depth, data };
  }
}
