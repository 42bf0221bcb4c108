import { randomUUID, webcrypto } from 'node:crypto';
import { inspect } from 'node:util';
import vm from 'node:vm';
import { removeForeignBuiltins, removeLaterBuiltins } from './builtins.ts';
import { type DomWindow, elementClasses } from './elements.ts';
import { HostError } from './errors.ts';
import { fetchFor } from './fetch.ts';
import type { Network } from './network.ts';
import { Boundary, realmOf } from './realm.ts';
import type { PluginSession } from './session.ts';
import type { HostState } from './state.ts';
import { webSocketFor } from './websocket.ts';
import { xhrFor } from './xhr.ts';

export interface Sandbox {
  readonly context: vm.Context;
  readonly session: PluginSession;
  readonly consoleLines: string[];
  close(): void;
}

/** A JavaScript context of its own, so that the plugin finds none of Node's globals. */
export function createSandbox(id: string, codeFromStrings: boolean, { faults }: HostState): Sandbox {
  const context = vm.createContext({}, { name: id, codeGeneration: { strings: codeFromStrings, wasm: true } });
  const globals = vm.runInContext('globalThis', context) as Record<string, unknown>;
  if (faults.laterBuiltinsMissing) removeLaterBuiltins(context);
  removeForeignBuiltins(context);
  vm.runInContext(OWN_FRAMES, context);
  const session: PluginSession = { id, boundary: new Boundary(realmOf(context)), globals, errors: [] };
  const consoleLines: string[] = [];
  const timers = new Timers(session.errors);
  Object.assign(globals, {
    ...{ global: globals, window: globals },
    self: globals,
    console: consoleFor(consoleLines),
    ...session.boundary.wrapAll(timers.functions()),
  });
  return { context, session, consoleLines, close: () => timers.clear() };
}

/** Stack traces name the plugin's own files, as in Photoshop, and not the simulator's. */
const OWN_FRAMES = `Error.prepareStackTrace = (error, frames) =>
  [error, ...frames.filter((frame) => !/^(\\/|[A-Za-z]+:)/.test(frame.getFileName() || ''))].join('\\n    at ');`;

export interface SandboxLinks {
  readonly network: Network;
  readonly dom: DomWindow;
  readonly storage: Map<string, string>;
  readonly require: (name: string) => unknown;
  /** The permission that the manifest asks for. */
  readonly clipboard: string | undefined;
}

/** The globals that UXP has; whatever is not named here does not exist for the plugin. */
export function fillGlobals(host: HostState, { session }: Sandbox, links: SandboxLinks): void {
  const { boundary, globals } = session;
  const { network, dom } = links;
  const { document, Event, CustomEvent, EventTarget, HTMLElement, Element, Node } = dom;
  Object.defineProperty(document, 'defaultView', { value: globals, configurable: true });
  Object.assign(document, { theme: { getCurrent: () => host.theme, onUpdated: listenerList() } });
  const module = { exports: {} };
  Object.assign(globals, {
    ...elementClasses,
    ...{ document, Event, CustomEvent, EventTarget, HTMLElement, Element, Node, module, exports: module.exports },
    require: links.require,
    fetch: fetchFor(host, session, network),
    XMLHttpRequest: xhrFor(host, session, network),
    WebSocket: webSocketFor(session, network),
    ...{ Headers, AbortController, Blob: blobClass(boundary), URL: urlClass(host.atLeast('27.4')) },
    localStorage: new Store(links.storage),
    sessionStorage: new Store(new Map()),
    crypto: {
      getRandomValues: <T extends NodeJS.ArrayBufferView>(array: T) => {
        webcrypto.getRandomValues(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        return array;
      },
      randomUUID: () => randomUUID(),
    },
    performance: { now: () => performance.now(), timeOrigin: performance.timeOrigin },
    atob: boundary.wrap((text: string) => atob(text)),
    btoa: boundary.wrap((text: string) => btoa(text)),
    devicePixelRatio: 1,
    navigator: {
      clipboard: clipboardFor(host, session, links.clipboard),
      platform: host.options.platform === 'darwin' ? 'MacIntel' : 'Win32',
      language: host.options.uiLocale,
      // What it says is not documented; Adobe's Vue starters need it to be there.
      userAgent: 'UXP',
    },
  });
  if (!host.faults.windowEventsMissing) {
    Object.assign(globals, {
      addEventListener: document.addEventListener.bind(document),
      removeEventListener: document.removeEventListener.bind(document),
    });
  }
  if (host.options.textCoding) {
    Object.assign(globals, { TextEncoder: textEncoder(boundary), TextDecoder });
  }
  if (host.atLeast('27.4')) Object.assign(globals, { URLSearchParams });
}

/** Texts alone; UXP takes and gives them by type as well. */
function clipboardFor(host: HostState, { boundary }: PluginSession, permission: string | undefined) {
  const demand = (...enough: string[]) => {
    if (!permission || !enough.includes(permission))
      throw new HostError('Permission denied. Manifest entry not found.');
  };
  const read = async () => {
    demand('read', 'readAndWrite');
    return Object.assign(new boundary.realm.Object(), { 'text/plain': host.clipboard });
  };
  const write = async (content: unknown) => {
    demand('readAndWrite');
    const text = typeof content === 'object' && content !== null ? Object.entries(content) : [['text/plain', content]];
    host.clipboard = String(text.find(([type]) => type === 'text/plain')?.[1] ?? '');
  };
  return boundary.wrapAll({ getContent: read, readText: read, setContent: write, writeText: write });
}

function textEncoder(boundary: Boundary) {
  return class TextEncoder {
    readonly encoding = 'utf-8';
    encode(text = ''): Uint8Array {
      return boundary.array(new Uint8Array(Buffer.from(text))) as Uint8Array;
    }
  };
}

/** The real one, without the parts that need URLSearchParams where that does not exist. */
function urlClass(hasSearchParams: boolean) {
  let next = 1;
  class UxpURL extends URL {
    static override createObjectURL(_blob: unknown): string {
      return `blob:/${next++}`;
    }
    static override revokeObjectURL(_url: string): void {}
  }
  if (!hasSearchParams) Object.defineProperty(UxpURL.prototype, 'searchParams', { value: undefined });
  return UxpURL;
}

function blobClass(boundary: Boundary) {
  return class UxpBlob extends Blob {
    override async arrayBuffer(): Promise<ArrayBuffer> {
      return boundary.bytes(new Uint8Array(await super.arrayBuffer()));
    }
  };
}

function listenerList() {
  const listeners = new Set<unknown>();
  return {
    addListener: (listener: unknown) => void listeners.add(listener),
    removeListener: (listener: unknown) => void listeners.delete(listener),
  };
}

/** localStorage: strings only. */
class Store {
  readonly #values: Map<string, string>;

  constructor(values: Map<string, string>) {
    this.#values = values;
  }
  get length(): number {
    return this.#values.size;
  }
  key(index: number): string | null {
    return [...this.#values.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#values.get(String(key)) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#values.set(String(key), String(value));
  }
  removeItem(key: string): void {
    this.#values.delete(String(key));
  }
  clear(): void {
    this.#values.clear();
  }
}

function consoleFor(lines: string[]): Record<string, (...args: unknown[]) => void> {
  const write = (...args: unknown[]) => {
    lines.push(args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg, { depth: 3 }))).join(' '));
  };
  return Object.fromEntries(['log', 'info', 'warn', 'error', 'debug', 'trace', 'assert'].map((name) => [name, write]));
}

/** Timers with number handles, all stopped when the plugin unloads; what their callbacks throw is reported. */
class Timers {
  readonly #running = new Map<number, NodeJS.Timeout>();
  #next = 1;
  readonly #errors: unknown[];

  constructor(errors: unknown[]) {
    this.#errors = errors;
  }

  clear(): void {
    for (const timer of this.#running.values()) clearTimeout(timer);
    this.#running.clear();
  }

  functions() {
    const stop = (id: number) => {
      clearTimeout(this.#running.get(id));
      this.#running.delete(id);
    };
    return {
      setTimeout: (callback: unknown, ms = 0, ...args: unknown[]) => this.#start(callback, ms, args, false),
      setInterval: (callback: unknown, ms = 0, ...args: unknown[]) => this.#start(callback, ms, args, true),
      requestAnimationFrame: (callback: unknown) => this.#start(callback, 16, [performance.now()], false),
      ...{ clearTimeout: stop, clearInterval: stop, cancelAnimationFrame: stop },
    };
  }

  #start(callback: unknown, ms: number, args: unknown[], repeat: boolean): number {
    if (typeof callback !== 'function') throw new HostError('the callback must be a function', { kind: 'TypeError' });
    const id = this.#next++;
    const run = () => {
      if (!repeat) this.#running.delete(id);
      try {
        callback(...args);
      } catch (error) {
        this.#errors.push(error);
      }
    };
    this.#running.set(id, repeat ? setInterval(run, ms) : setTimeout(run, ms));
    return id;
  }
}
