import type { Readable } from 'node:stream';
import type {
  Depth,
  DOCUMENT,
  Enhance,
  ForegroundMethod,
  Kept,
  MetadataChoice,
  Output,
  PATH,
  ProfileChoice,
  Refine,
  Subject,
} from '../../protocol/matte.ts';
import type { EdgeRequest } from '../../protocol/schemas/edge.ts';
import type { Point } from '../imaging/area.ts';
import type { Framing } from '../imaging/framing.ts';
import type { RawLayout, Region } from '../imaging/picture.ts';
import type { ModelStatus } from '../matting/model-status.ts';
import type { PullOptions } from '../registry/pull.ts';

export type { ModelStatus } from '../matting/model-status.ts';

/** A picture and the requested result. Plain data: it may be sent to another process. */
export interface MatteTask {
  /** Layout of raw samples; null for an encoded picture. */
  readonly layout: RawLayout | null;
  readonly model: string;
  readonly subject: Subject;
  readonly refine: Refine;
  readonly output: Output | typeof DOCUMENT | typeof PATH;
  readonly depth: Depth;
  /** CSS color, for compositions. */
  readonly background: string;
  readonly foreground: ForegroundMethod;
  /** 0..1 */
  readonly decontaminate: number;
  /** Adds the cutout to documents, as a hidden layer. */
  readonly cutoutLayer: boolean;
  /** Adds the outline to documents, as their clipping path. */
  readonly clippingPath?: boolean;
  /** Of that, or of the path that is the output: how far it may be from the outline, in pixels. */
  readonly pathTolerance?: number;
  /** Null or absent: results have the picture's size. Not for documents and paths. */
  readonly framing?: Framing | null;
  /** Opacity of a shadow under cutouts and compositions, 0..1; 0 or absent: none. */
  readonly shadow?: number;
  /** The part of the picture that the matte is limited to. */
  readonly region: Region | null;
  readonly subjects: Kept;
  /** For `subjects: 'point'`. */
  readonly point: Point | null;
  readonly enhance: Enhance;
  /** A mask whose edge is to be found anew follows the picture in the body. */
  readonly mask?: MaskLayout | null;
  /** Takes what can be read of a damaged file. */
  readonly allowDamaged?: boolean;
  /** Colors and metadata of color results. */
  readonly profile: ProfileChoice;
  readonly metadata: MetadataChoice;
  /** Content type of the answer, already negotiated. */
  readonly type: string;
}

/** How the mask is stored behind the picture. */
export interface MaskLayout {
  readonly bytes: number;
  /** Of a raw plane; null for an encoded picture. */
  readonly depth: 8 | 16 | null;
  /** Bytes of the strokes behind the mask, an encoded picture; 0 for none. */
  readonly strokes: number;
}

/** Edge controls on a kept matte. */
export interface EdgeTask {
  readonly id: string;
  readonly settings: EdgeRequest;
  /** Content type of the answer, already negotiated. */
  readonly type: string;
}

export interface WorkOptions {
  readonly signal: AbortSignal;
  /** Whose picture it is, for engines whose queue has turns of its own. */
  readonly client?: string;
  /** Called with progress, 0..1, never decreasing. */
  onProgress?(fraction: number): void;
}

export interface Answer {
  readonly type: string;
  readonly headers: Readonly<Record<string, string | number>>;
  /** A stream if the answer is too big to buffer. */
  readonly body: Buffer | Readable;
  /** Milliseconds by stage, for the Server-Timing header. */
  readonly timings: Readonly<Record<string, number>>;
}

/** A process and its memory, in bytes. */
export interface Usage {
  pid: number;
  rss: number;
  /** Peak. */
  peak: number;
}

/** The HTTP side's interface to everything that touches pixels or networks. */
export interface Engine {
  /** Mattes waiting or running. */
  readonly queued: number;
  /** How often the child process died; 0 when there is none. */
  readonly restarts: number;
  /** The child process's last reported memory; null when there is none or it is not running. */
  readonly usage: Usage | null;
  /**
   * Only of an engine that lets clients take turns by itself: position of the client's next picture, from 1; null when
   * none waits.
   */
  placeOf?(client: string): number | null;
  /**
   * Checks a request before its picture arrives. Synchronous, so that a client that disconnects meanwhile is not
   * missed.
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING; with a queue NO_WORKERS, QUEUE_UNREACHABLE
   */
  checkModel(model: string, subject: Subject): void;
  /**
   * @param body the encoded picture, or the raw samples of `task.layout`; then the mask and strokes of `task.mask`
   * @throws {AppError} UNKNOWN_MODEL, MODEL_DOWNLOADING, WEIGHTS_MISSING, WEIGHTS_CORRUPT, NOT_AN_IMAGE, TRUNCATED_IMAGE,
   * IMAGE_TOO_LARGE, INFERENCE_FAILED, BAD_REQUEST for a region or a point outside of the picture; the signal's reason;
   * with a queue also QUEUE_FULL, QUEUE_UNREACHABLE, QUEUE_TAMPERED, NO_WORKERS
   */
  matte(task: MatteTask, body: Buffer, options: WorkOptions): Promise<Answer>;
  /**
   * Bytes that the task will hold while it runs.
   * @throws {AppError} MATTE_GONE
   */
  weighEdge(task: EdgeTask): Promise<number>;
  /** @throws {AppError} MATTE_GONE, TRUNCATED_IMAGE; the signal's reason */
  edge(task: EdgeTask, options: WorkOptions): Promise<Answer>;
  /** Drops a kept matte. @returns whether there was one */
  forget(id: string): Promise<boolean>;
  /** @throws {AppError} UNKNOWN_MODEL */
  status(idOrAuto: string): Promise<ModelStatus>;
  /** Downloads the model when it is missing, then loads it. */
  prepare(idOrAuto: string, options?: PullOptions): Promise<ModelStatus>;
  /** The same for all models that `refine` asks about a portrait. Until then `best` answers like `fast`, and `fast` with one model. */
  prepareViews(refine: Refine, options?: PullOptions): Promise<void>;
  /** Releases everything after the network runs in progress. */
  close(): Promise<void>;
}
