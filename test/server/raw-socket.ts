import { connect } from 'node:net';

export interface Answer {
  status: number;
  headers: Map<string, string>;
  body: Buffer;
}

/** Writes bytes to a socket as they are and reads one answer. Resolves with null when the server hangs up without one. */
export function talk(
  port: number,
  request: string | Buffer,
  { hangUp = false, address = '127.0.0.1' } = {},
): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect(port, address, () => {
      if (hangUp) socket.end(request);
      else socket.write(request);
    });
    socket.setTimeout(20_000, () => {
      socket.destroy();
      reject(new Error(`no answer within 20 seconds to ${String(request).slice(0, 300)}`));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answer = parseAnswer(received);
      if (!answer) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(parseAnswer(received)));
  });
}

/** One complete answer with a Content-Length, or null. Interim answers (100 Continue) are skipped. */
export function parseAnswer(bytes: Buffer): Answer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]);
  if (status < 200) return parseAnswer(bytes.subarray(end + 4));
  const headers = new Map(
    lines.map((text) => [text.split(':', 1)[0]!.toLowerCase(), text.slice(text.indexOf(':') + 1).trim()]),
  );
  const length = Number(headers.get('content-length'));
  const body = bytes.subarray(end + 4);
  return body.length < length ? null : { status, headers, body: body.subarray(0, length) };
}

/** The text of a request, with a right Host unless `headers` says otherwise. */
export function lines(port: number, start: string, headers: readonly string[] = [], body = ''): string {
  const host = headers.some((header) => /^host:/i.test(header)) ? [] : [`Host: 127.0.0.1:${port}`];
  return [`${start} HTTP/1.1`, ...host, ...headers, '', body].join('\r\n');
}

export interface Upload {
  query?: string;
  headers?: Record<string, string>;
  body?: Uint8Array | ReadableStream | FormData;
  signal?: AbortSignal;
}

/** `POST /v1/mattes` with fetch. */
export async function post(port: number, { query = '', headers = {}, body, signal }: Upload): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/mattes${query}`, {
    method: 'POST',
    headers,
    ...(body && { body }),
    ...(signal && { signal }),
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit);
  return {
    status: response.status,
    headers: new Map(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  };
}

/** Headers of a raw upload. */
export function rawHeaders(width: number, height: number, channels?: 3 | 4, depth?: 8 | 16): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'x-image-width': String(width),
    'x-image-height': String(height),
    ...(channels && { 'x-image-channels': String(channels) }),
    ...(depth && { 'x-image-depth': String(depth) }),
  };
}
