import { WebSocket as Connection } from 'ws';
import { HostError } from './errors.ts';
import { bytesOf, type Network } from './network.ts';
import type { PluginSession } from './session.ts';

type Handler = ((event: object) => void) | null;

/** The global WebSocket of one plugin: binary messages as ArrayBuffers, and errors that say nothing, as UXP's. */
export function webSocketFor(session: PluginSession, network: Network): new (url: string) => object {
  const { boundary } = session;

  return class WebSocket {
    binaryType = 'blob';
    onopen: Handler = null;
    onmessage: Handler = null;
    onerror: Handler = null;
    onclose: Handler = null;
    readonly url: string;
    #connection: Connection | null = null;
    #closed = false;

    constructor(url: string) {
      this.url = url;
      const parsed = parse(network, url, boundary.error.bind(boundary));
      if (network.denial(parsed, url)) {
        setImmediate(() => this.#fail());
        return;
      }
      void network.connect(parsed).then((address) => {
        if (this.#closed) return;
        if (address === null) return this.#fail();
        const { hostname, headers } = address;
        const connection = new Connection(hostname, { headers, perMessageDeflate: false });
        this.#connection = connection;
        connection.on('open', () => this.#fire('onopen', {}));
        connection.on('error', () => this.#fire('onerror', {}));
        connection.on('close', (code) => this.#end(code));
        connection.on('message', (data: Buffer, isBinary) => {
          this.#fire('onmessage', { data: isBinary ? boundary.bytes(new Uint8Array(data)) : data.toString() });
        });
      });
    }

    get readyState(): number {
      return this.#closed ? 3 : (this.#connection?.readyState ?? 0);
    }

    get bufferedAmount(): number {
      return this.#connection?.bufferedAmount ?? 0;
    }

    send(data: unknown): void {
      if (this.readyState !== 1) throw boundary.error(new HostError('WebSocket is not open'));
      this.#connection!.send(typeof data === 'string' ? data : bytesOf(data)!);
    }

    close(code?: number): void {
      if (this.#connection === null) this.#end(1006);
      else this.#connection.close(code);
    }

    #fail(): void {
      this.#fire('onerror', {});
      this.#end(1006);
    }

    #end(code: number): void {
      if (this.#closed) return;
      this.#closed = true;
      this.#fire('onclose', { code });
    }

    #fire(name: 'onopen' | 'onmessage' | 'onerror' | 'onclose', event: object): void {
      try {
        this[name]?.({ type: name.slice(2), target: this, ...event });
      } catch (error) {
        session.errors.push(error);
      }
    }
  };
}

function parse(network: Network, url: string, wrap: (error: unknown) => unknown): URL {
  try {
    return network.parse(url);
  } catch (error) {
    throw wrap(error);
  }
}
