import { setTimeout as delay } from 'node:timers/promises';
import { ERRORS, type ErrorCode, RETRY_AFTER_SECONDS } from '../../../protocol/errors.ts';
import { LOOPBACK, PORTS } from '../../../protocol/limits.ts';
import { type Depth, type EncodedType, HEADERS, RAW_TYPE, type Subject } from '../../../protocol/matte.ts';
import type { ErrorBody } from '../../../protocol/schemas/failure.ts';
import type { ModelInfo } from '../../../protocol/schemas/status.ts';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../errors.ts';
import type { AlphaPlane } from '../../imaging/picture.ts';
import { type Discovery, probe, readDiscovery } from '../../system/discovery.ts';

export interface MatteRequest {
  bytes: Uint8Array;
  /** A mask of the same size as an encoded picture, whose edge is found anew. */
  mask?: Uint8Array | undefined;
  type: EncodedType;
  model: string;
  /** Subject that `auto` looks for. */
  subject: Subject;
  depth: Depth;
  /** Further query parameters, as text. */
  settings?: Readonly<Record<string, string>>;
}

export interface MatteAnswer {
  alpha: AlphaPlane;
  /** Model and provider that ran. */
  model: string;
  provider: string;
  /** Whether a subject was found. */
  hasSubject: boolean;
}

/** The server does not answer any more. */
export class ServerLost extends AppError {
  constructor(message: string, cause: unknown) {
    super('INTERNAL', message, { cause });
  }
}

/** Talks to a server over HTTP, in this process or another. */
export class Connection {
  readonly url: string;
  readonly #signal: AbortSignal;
  readonly #stop: () => Promise<void>;

  constructor(url: string, signal: AbortSignal, stop: () => Promise<void> = async () => {}) {
    this.url = url;
    this.#signal = signal;
    this.#stop = stop;
  }

  /**
   * Waits while the server is busy or downloads the model.
   * @param onDownload called with the server's sentence each time it reports the download
   * @throws {AppError} what the server answered, or INTERNAL when it stopped answering.
   */
  async matte(
    { bytes, mask, type, model, subject, depth, settings }: MatteRequest,
    onDownload?: (message: string) => void,
  ): Promise<MatteAnswer> {
    const query = new URLSearchParams({ ...settings, model, subject, depth: String(depth), output: 'alpha' });
    const init = {
      method: 'POST',
      // Raw samples, because packing a PNG for a loopback transfer is wasted work.
      headers: { accept: RAW_TYPE, ...(!mask && { 'content-type': type }) },
      body: mask ? asForm(bytes, mask) : bytes,
    };
    const response = await this.#request(`/v1/mattes?${query}`, init, onDownload);
    const number = (name: string) => Number(response.headers.get(name));
    const data = await response.arrayBuffer().catch((error: unknown) => this.#lost(error));
    return {
      alpha: {
        width: number(HEADERS.width),
        height: number(HEADERS.height),
        data: number(HEADERS.depth) === 16 ? new Uint16Array(data) : new Uint8Array(data),
      },
      model: response.headers.get(HEADERS.model) ?? model,
      provider: response.headers.get(HEADERS.provider) ?? 'unknown',
      hasSubject: response.headers.get(HEADERS.subject) !== 'none',
    };
  }

  async models(): Promise<ModelInfo[]> {
    const body = (await (await this.#request('/v1/models')).json()) as { models: ModelInfo[] } | ModelInfo[];
    return Array.isArray(body) ? body : body.models;
  }

  /** Stops the server if it was started for this connection. */
  close(): Promise<void> {
    return this.#stop();
  }

  async #request(path: string, init: RequestInit = {}, onDownload?: (message: string) => void): Promise<Response> {
    for (;;) {
      const response = await fetch(this.url + path, { ...init, signal: this.#signal, redirect: 'error' }).catch(
        (error: unknown) => this.#lost(error),
      );
      if (response.ok) return response;
      const error = await readError(response);
      if (error.code === 'MODEL_DOWNLOADING') onDownload?.(error.message);
      else if (error.code !== 'QUEUE_FULL') throw error;
      const wait = Number(response.headers.get('retry-after')) || RETRY_AFTER_SECONDS;
      await delay(wait * 1000, undefined, { signal: this.#signal });
    }
  }

  #lost(error: unknown): never {
    this.#signal.throwIfAborted();
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    throw new ServerLost(`The server stopped answering (${cause?.code ?? (error as Error).message}).`, error);
  }
}

function asForm(image: Uint8Array, mask: Uint8Array): FormData {
  const form = new FormData();
  form.set('image', new Blob([image as Uint8Array<ArrayBuffer>]), 'image');
  form.set('mask', new Blob([mask as Uint8Array<ArrayBuffer>]), 'mask');
  return form;
}

async function readError(response: Response): Promise<AppError> {
  const body = (await response.json().catch(() => null)) as Partial<ErrorBody> | null;
  const code = body?.error?.code;
  return code && Object.hasOwn(ERRORS, code)
    ? new AppError(code as ErrorCode, body?.error?.message)
    : new AppError('INTERNAL', `The server answered ${response.status}.`);
}

export interface FoundServer {
  url: string;
  /** From its discovery file; null when it was found by port alone. */
  announced: Discovery | null;
}

/**
 * A running server: the one named in the discovery file, else any Hairline server on one of our ports.
 * @param patience milliseconds for the announced one to answer
 */
export async function locateServer(config: Config, patience?: number): Promise<FoundServer | null> {
  const announced = await readDiscovery(config.configDir, patience);
  if (announced) return { url: `http://${LOOPBACK}:${announced.port}`, announced };
  const found = await Promise.all(PORTS.map(async (port) => ((await probe(port)) ? port : null)));
  const port = found.find((p) => p !== null);
  return port ? { url: `http://${LOOPBACK}:${port}`, announced: null } : null;
}

export async function findServer(config: Config): Promise<string | null> {
  return (await locateServer(config))?.url ?? null;
}
