// The part of make-fetch-happen that Hairline uses; the types published for it belong to another fetch.
declare module 'make-fetch-happen' {
  import type { Agent } from 'node:http';
  import type { LookupFunction } from 'node:net';

  export interface FetchOptions {
    method?: string;
    headers?: Record<string, string>;
    signal?: AbortSignal;
    redirect?: 'manual';
    cache?: 'no-store';
    retry?: false;
    proxy?: string | undefined;
    noProxy?: string | string[] | undefined;
    ca?: string | string[] | undefined;
    cert?: string | undefined;
    key?: string | undefined;
    strictSSL?: boolean | undefined;
    localAddress?: string | undefined;
    /** Used instead of a pooled one, and of a proxy. */
    agent?: Agent;
    maxSockets?: number;
    dns?: { lookup: LookupFunction };
  }

  export interface FetchResponse {
    readonly status: number;
    readonly headers: { get(name: string): string | null };
    readonly body: AsyncIterable<Uint8Array> & { on(event: 'error', listener: () => void): void };
  }

  export default function fetch(url: string, options: FetchOptions): Promise<FetchResponse>;
}
