import type { Depth, Refine, Subject } from '../../protocol/matte.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import type { Health, Ready } from '../../protocol/schemas/status.ts';
import type { Cancellation } from '../cancellation.ts';
import type { Alpha, Picture, Pixels } from '../picture.ts';

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
  refine: Refine;
  /** Bits per sample of the alpha. */
  depth: Depth;
  /** Of the picture's size, with both soft and hard values, whose edge is to be found anew; null: the subject is. */
  guide: Alpha | null;
}

export interface Matte {
  alpha: Alpha;
  /** Id of the model that really ran and the execution provider it ran on; empty when the server did not say. */
  model: string;
  provider: string;
  /** Under which the server keeps the matte for a while; null where it does not. */
  matteId: string | null;
}

/** A picture for an <img>. */
export interface Preview {
  type: string;
  bytes: ArrayBuffer;
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
  /** A kept matte with its edge changed, at full size. Throws ServerError MATTE_GONE when it is no longer kept. */
  edge(server: Server, matteId: string, request: EdgeRequest, cancel: Cancellation): Promise<Alpha>;
  /** The same with the subject's colors: for `output` `foreground` or `cutout`. */
  colors(server: Server, matteId: string, request: EdgeRequest, cancel: Cancellation): Promise<Pixels>;
  /** A small picture of the same, as JPEG where the server makes those, else PNG. */
  preview(server: Server, matteId: string, request: EdgeRequest, cancel: Cancellation): Promise<Preview>;
}
