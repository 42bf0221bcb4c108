import type { News, Question, Wire } from './bridge-messages.ts';

/**
 * The page's end of the bridge: `window.require` as UXP has it. Photoshop's objects look synchronous, so asking for a
 * property is a synchronous request. Runs in the page, so it may use nothing from outside itself.
 */
export function connectBridge({ manifest, locale }: { manifest: string; locale: string }): void {
  const callbacks: ((...args: unknown[]) => unknown)[] = [];
  const promises = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  const early = new Map<number, Wire>();
  const proxies = new Map<number, object>();
  const identity = new WeakMap<object, number>();
  const methods = new WeakSet<object>();

  function ask(question: Question): unknown {
    const request = new XMLHttpRequest();
    request.open('POST', '/bridge', false);
    request.send(JSON.stringify(question));
    const value = JSON.parse(request.responseText) as Wire;
    if (value.is === 'error') throw decode(value);
    return decode(value);
  }

  function decode(wire: Wire): unknown {
    switch (wire.is) {
      case 'value':
        return wire.value;
      case 'list':
        return wire.items.map(decode);
      case 'record':
        return Object.fromEntries(wire.entries.map(([key, value]) => [key, decode(value)]));
      case 'bytes': {
        const bytes = Uint8Array.from(atob(wire.base64), (letter) => letter.charCodeAt(0));
        return wire.type === 'ArrayBuffer'
          ? bytes.buffer
          : new { Uint8Array, Uint16Array, Float32Array }[wire.type](bytes.buffer);
      }
      case 'error': {
        const error = new (wire.name === 'TypeError' ? TypeError : Error)(wire.message);
        return wire.number === undefined ? error : Object.assign(error, { number: wire.number });
      }
      case 'promise':
        return new Promise((resolve, reject) => {
          promises.set(wire.id, { resolve, reject });
          const settled = early.get(wire.id);
          if (settled !== undefined) settle(wire.id, settled);
        });
      case 'object':
        return proxyOf(wire.id, wire.call);
      default:
        return undefined;
    }
  }

  function encode(value: unknown): Wire {
    if (value === undefined) return { is: 'undefined' };
    if (typeof value === 'function' && !identity.has(value)) {
      return { is: 'callback', id: callbacks.push(value as () => unknown) - 1 };
    }
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return { is: 'value', value };
    const id = identity.get(value);
    if (id !== undefined) return { is: 'object', id, call: false };
    if (value instanceof Error) return { is: 'error', message: value.message, name: value.name };
    if (Array.isArray(value)) return { is: 'list', items: value.map(encode) };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      const type = value.constructor.name as 'Uint8Array';
      const bytes = ArrayBuffer.isView(value)
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
        : new Uint8Array(value);
      let text = '';
      for (const byte of bytes) text += String.fromCharCode(byte);
      return { is: 'bytes', type, base64: btoa(text) };
    }
    return { is: 'record', entries: Object.entries(value).map(([key, it]) => [key, encode(it)]) };
  }

  function proxyOf(id: number, call: boolean): object {
    const known = proxies.get(id);
    if (known !== undefined) return known;
    const proxy = new Proxy(() => {}, {
      get(_, name) {
        // `await` reads `then` to find out whether it is a promise.
        if (typeof name === 'symbol' || name === 'then') return undefined;
        const value = ask({ ask: 'get', id, name });
        // Every stand-in looks like a function; only a method is called on its object.
        if (!methods.has(value as object)) return value;
        return (...args: unknown[]) => ask({ ask: 'call', id, name, args: args.map(encode) });
      },
      set(_, name, value) {
        ask({ ask: 'set', id, name: String(name), value: encode(value) });
        return true;
      },
      apply: (_, __, args) => ask({ ask: 'call', id, name: null, args: args.map(encode) }),
    });
    proxies.set(id, proxy);
    identity.set(proxy, id);
    if (call) methods.add(proxy);
    return proxy;
  }

  function settle(id: number, wire: Wire): void {
    const promise = promises.get(id);
    if (promise === undefined) {
      early.set(id, wire);
      return;
    }
    if (wire.is === 'error') promise.reject(decode(wire));
    else promise.resolve(decode(wire));
  }

  async function answer({ callback, call, args }: News & { tell: 'call' }): Promise<void> {
    let value: Wire;
    try {
      value = encode(await callbacks[callback]!(...args.map(decode)));
    } catch (error) {
      value = { is: 'error', message: String((error as Error).message ?? error), name: 'Error' };
    }
    ask({ ask: 'answer', call, value });
  }

  async function listen(): Promise<void> {
    for (;;) {
      const news = (await (await fetch('/bridge')).json()) as News[];
      for (const item of news) {
        if (item.tell === 'settled') settle(item.id, item.value);
        else void answer(item);
      }
    }
  }
  void listen().catch(() => {});

  const opened: string[] = [];
  const modules: Record<string, unknown> = {
    uxp: {
      host: { name: 'Photoshop', uiLocale: locale },
      entrypoints: {
        setup(setup: object) {
          Object.assign(window, { entrypoints: setup });
        },
      },
      shell: {
        async openPath(path: string) {
          opened.push(path);
          return '';
        },
      },
      storage: {
        localFileSystem: { getPluginFolder: async () => ({ getEntry: async () => ({ read: async () => manifest }) }) },
      },
    },
    os: { platform: () => 'darwin', homedir: () => '/Users/me' },
  };
  Object.assign(window, {
    opened,
    require: (name: string) => (modules[name] ??= ask({ ask: 'module', name })),
  });
}
