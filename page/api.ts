import { ERRORS, type ErrorCode } from '../protocol/errors.ts';
import { DOCUMENT_TYPE, PNG_TYPE, type Refine, type Subject } from '../protocol/matte.ts';
import type { ControlState } from '../protocol/schemas/control.ts';
import type { EdgeRequest } from '../protocol/schemas/edge.ts';
import type { ErrorBody } from '../protocol/schemas/failure.ts';
import type { JobInfo } from '../protocol/schemas/job.ts';
import type { ModelInfo, Ready } from '../protocol/schemas/status.ts';

/** A failure reported by the server. */
export class ServerError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor({ code, message, hint }: ErrorBody['error']) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
    this.hint = hint;
  }
}

/** The server's error for a code that the page detects itself, without a request. */
export function refusal(code: ErrorCode): ServerError {
  const [, message, hint] = ERRORS[code];
  return new ServerError({ code, message, hint });
}

/** No answer arrived at all. */
export class Unreachable extends Error {
  constructor() {
    super('no answer');
    this.name = 'Unreachable';
  }
}

export interface Options {
  subject: Subject;
  refine: Refine;
}

/** A mask whose edge is found anew, and what was painted over it. */
export interface Correction {
  mask: Blob;
  strokes: Blob | null;
}

/** @throws {ServerError | Unreachable} and the signal's reason */
async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { cache: 'no-store', ...init }).catch((error: Error) => {
    throw init.signal?.aborted ? error : new Unreachable();
  });
  if (!response.ok) throw failureOf(response.status, await response.text());
  return response;
}

function failureOf(status: number, body: string): ServerError {
  try {
    return new ServerError((JSON.parse(body) as ErrorBody).error);
  } catch {
    return new ServerError({ code: 'INTERNAL', message: `HTTP ${status}`, hint: '' });
  }
}

/** @throws {Unreachable} */
export async function readReady(): Promise<Ready> {
  // 503 has the same shape: it is an answer, not a failure.
  const response = await fetch('/ready', { cache: 'no-store' }).catch(() => {
    throw new Unreachable();
  });
  return (await response.json()) as Ready;
}

/**
 * Uploads a picture and creates a job. XMLHttpRequest, because fetch does not report upload progress.
 * @param type declared content type; the server checks the bytes
 * @throws {ServerError | Unreachable} and the signal's reason
 */
export function submit(
  file: Blob,
  type: string,
  { subject, refine, correction }: Options & { correction?: Correction | null | undefined },
  { signal, onProgress }: { signal: AbortSignal; onProgress: (fraction: number) => void },
): Promise<JobInfo> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    signal.addEventListener('abort', () => {
      request.abort();
      reject(signal.reason);
    });
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new Unreachable());
    request.onload = () => {
      if (request.status === 202) resolve(JSON.parse(request.responseText) as JobInfo);
      else reject(failureOf(request.status, request.responseText));
    };
    request.open('POST', `/v1/mattes?${new URLSearchParams({ subject, refine })}`);
    request.setRequestHeader('Prefer', 'respond-async');
    // The browser declares a form by itself.
    if (!correction) request.setRequestHeader('Content-Type', type);
    request.send(correction ? formOf(file, correction) : file);
  });
}

function formOf(file: Blob, { mask, strokes }: Correction): FormData {
  const form = new FormData();
  form.append('image', file);
  form.append('mask', mask);
  if (strokes) form.append('strokes', strokes);
  return form;
}

export async function readJob(id: string, signal: AbortSignal): Promise<JobInfo> {
  return (await (await ask(`/v1/jobs/${id}`, { signal })).json()) as JobInfo;
}

export function readResult(id: string, signal: AbortSignal): Promise<Response> {
  return ask(`/v1/jobs/${id}/result`, { signal });
}

/** Frees the server's resources, without waiting; also when the page is closed. */
export function forget(what: 'jobs' | 'mattes', id: string): void {
  fetch(`/v1/${what}/${id}`, { method: 'DELETE', keepalive: true }).catch(() => undefined);
}

/** The kept matte, or the picture with it, after edge controls. */
export async function readEdge(id: string, settings: EdgeRequest, signal: AbortSignal): Promise<Blob> {
  const response = await ask(`/v1/mattes/${id}/edge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: settings.output === 'psd' ? DOCUMENT_TYPE : PNG_TYPE },
    body: JSON.stringify(settings),
    signal,
  });
  return response.blob().catch((error: Error) => {
    throw signal.aborted ? error : new Unreachable();
  });
}

/** Exchanges the ticket that the address brought for a token. @throws {ServerError | Unreachable} */
export async function openControl(ticket: string): Promise<string> {
  const response = await ask('/v1/control/session', bearer('POST', ticket));
  return ((await response.json()) as { token: string }).token;
}

/** @throws {ServerError | Unreachable} */
export async function readControl(token: string): Promise<{ state: ControlState; models: ModelInfo[] }> {
  const [state, list] = await Promise.all([ask('/v1/control', bearer('GET', token)), ask('/v1/models')]);
  return { state: (await state.json()) as ControlState, ...((await list.json()) as { models: ModelInfo[] }) };
}

/** @param path below `/v1/control/` @throws {ServerError | Unreachable} */
export async function changeControl(method: 'POST' | 'DELETE', path: string, token: string): Promise<void> {
  await ask(`/v1/control/${path}`, bearer(method, token));
}

const bearer = (method: string, token: string): RequestInit => ({
  method,
  headers: { authorization: `Bearer ${token}` },
});
