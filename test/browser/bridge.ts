import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { News, Question, Wire } from './bridge-messages.ts';

type Callable = (...args: unknown[]) => unknown;

/**
 * Lets a page use objects of this process: the page asks by synchronous requests, promises settle and callbacks are called
 * by news that it polls for.
 */
export class Bridge {
  readonly #modules: Readonly<Record<string, unknown>>;
  readonly #objects: unknown[] = [];
  readonly #ids = new Map<unknown, number>();
  readonly #pendingCalls = new Map<number, (value: Wire) => void>();
  readonly #news: News[] = [];
  #waiting: (() => void) | null = null;
  #count = 0;
  /** The simulator tells by async context what belongs to a modal scope; what a callback asks for belongs to its caller. */
  readonly #contexts: ((body: () => Wire) => Wire)[] = [];

  constructor(modules: Readonly<Record<string, unknown>>) {
    this.#modules = modules;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = request.method === 'GET' ? await this.#nextNews() : this.#reply(JSON.parse(await read(request)));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(reply));
  }

  #reply(question: Question): Wire {
    const answer = () => {
      try {
        return this.#encode(this.#do(question));
      } catch (error) {
        return encodeError(error);
      }
    };
    const context = this.#contexts.at(-1);
    return context === undefined || question.ask === 'answer' ? answer() : context(answer);
  }

  #do(question: Question): unknown {
    if (question.ask === 'module') return this.#modules[question.name];
    if (question.ask === 'answer') {
      this.#pendingCalls.get(question.call)?.(question.value);
      return undefined;
    }
    const target = this.#objects[question.id] as Record<string, unknown>;
    if (question.ask === 'get') return target[question.name];
    if (question.ask === 'set') {
      target[question.name] = this.#decode(question.value);
      return undefined;
    }
    const args = question.args.map((arg) => this.#decode(arg));
    if (question.name === null) return (target as unknown as Callable)(...args);
    return (target[question.name] as Callable).apply(target, args);
  }

  async #nextNews(): Promise<News[]> {
    if (this.#news.length === 0) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.#news.splice(0);
  }

  #tell(news: News): void {
    this.#news.push(news);
    this.#waiting?.();
    this.#waiting = null;
  }

  #encode(value: unknown): Wire {
    if (value === undefined) return { is: 'undefined' };
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return { is: 'value', value };
    if (value instanceof Promise) return this.#encodePromise(value);
    if (value instanceof Error) return encodeError(value);
    if (Array.isArray(value)) return { is: 'list', items: value.map((item) => this.#encode(item)) };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return encodeBytes(value);
    if (isPlain(value))
      return { is: 'record', entries: Object.entries(value).map(([key, it]) => [key, this.#encode(it)]) };
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#objects.push(value) - 1;
      this.#ids.set(value, id);
    }
    return { is: 'object', id, call: typeof value === 'function' };
  }

  #encodePromise(promise: Promise<unknown>): Wire {
    const id = this.#count++;
    promise.then(
      (value) => this.#tell({ tell: 'settled', id, value: this.#encode(value) }),
      (error) => this.#tell({ tell: 'settled', id, value: encodeError(error) }),
    );
    return { is: 'promise', id };
  }

  #decode(wire: Wire): unknown {
    switch (wire.is) {
      case 'value':
        return wire.value;
      case 'list':
        return wire.items.map((item) => this.#decode(item));
      case 'record':
        return Object.fromEntries(wire.entries.map(([key, value]) => [key, this.#decode(value)]));
      case 'object':
        return this.#objects[wire.id];
      case 'callback':
        return (...args: unknown[]) => this.#call(wire.id, args);
      case 'bytes':
        return decodeBytes(wire);
      case 'error':
        return Object.assign(new Error(wire.message), { name: wire.name });
      default:
        return undefined;
    }
  }

  async #call(callback: number, args: unknown[]): Promise<unknown> {
    const call = this.#count++;
    const context = AsyncLocalStorage.snapshot() as (body: () => Wire) => Wire;
    this.#contexts.push(context);
    try {
      const value = await new Promise<Wire>((resolve) => {
        this.#pendingCalls.set(call, resolve);
        this.#tell({ tell: 'call', callback, call, args: args.map((arg) => this.#encode(arg)) });
      });
      const decoded = this.#decode(value);
      if (value.is === 'error') throw decoded;
      return decoded;
    } finally {
      this.#pendingCalls.delete(call);
      this.#contexts.splice(this.#contexts.indexOf(context), 1);
    }
  }
}

/** Data, not behavior: nothing computed, nothing to call. Anything else keeps its identity. */
function isPlain(value: object): boolean {
  if (typeof value === 'function') return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(
    ({ get, value: held }) => get === undefined && typeof held !== 'function',
  );
}

function encodeError(error: unknown): Wire {
  const { message, name, number } = error as { message?: string; name?: string; number?: number };
  const words = { message: message ?? String(error), name: name ?? 'Error' };
  return { is: 'error', ...words, ...(number === undefined ? {} : { number }) };
}

function encodeBytes(value: ArrayBufferView | ArrayBuffer): Wire {
  const type = value.constructor.name as 'Uint8Array';
  const bytes = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
  return { is: 'bytes', type, base64: bytes.toString('base64') };
}

function decodeBytes({ type, base64 }: Wire & { is: 'bytes' }): unknown {
  const { buffer } = Uint8Array.from(Buffer.from(base64, 'base64'));
  return type === 'ArrayBuffer' ? buffer : new { Uint8Array, Uint16Array, Float32Array }[type](buffer);
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
