import type { Depth, Subject } from '../../protocol/matte.ts';
import type { Health, Ready } from '../../protocol/status.ts';
import type { Cancellation } from '../cancellation.ts';
import type { Alpha, Picture } from '../picture.ts';

/** A server that answered and speaks our protocol version. */
export interface Server {
  origin: string;
  health: Health;
  /** Null when it would not say. */
  ready: Ready | null;
}

export interface MatteRequest {
  picture: Picture;
  subject: Subject;
  /** Bits per sample of the alpha. */
  depth: Depth;
}

export interface Matte {
  alpha: Alpha;
  /** Id of the model that really ran and the execution provider it ran on; empty when the server did not say. */
  model: string;
  provider: string;
}

export interface MatteProgress {
  /** 0..1 of the picture is sent. */
  onUpload(fraction: number): void;
  /** All of it is sent; the server works. */
  onSent(): void;
  /** The server is busy with other pictures; we ask again shortly. */
  onQueued(): void;
  /** The server is fetching its model, which takes minutes; we ask again shortly. */
  onDownloading(): void;
}

/** The server, as the commands see it. */
export interface Client {
  connect(cancel: Cancellation): Promise<Server>;
  matte(server: Server, request: MatteRequest, cancel: Cancellation, progress: MatteProgress): Promise<Matte>;
}
