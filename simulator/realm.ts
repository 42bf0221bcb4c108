import vm from 'node:vm';
import { HostError } from './errors.ts';
import type { PixelData } from './pixels.ts';

/** The constructors of one JavaScript world: the plugin's own context, or this process's for direct calls in tests. */
export interface Realm {
  readonly Error: ErrorConstructor;
  readonly TypeError: TypeErrorConstructor;
  readonly Promise: PromiseConstructor;
  readonly Object: ObjectConstructor;
  readonly JSON: JSON;
  readonly ArrayBuffer: ArrayBufferConstructor;
  readonly Uint8Array: Uint8ArrayConstructor;
  readonly Uint16Array: Uint16ArrayConstructor;
  readonly Float32Array: Float32ArrayConstructor;
}

/** This process's own realm, for tests that call the modules directly. */
export const hostRealm: Realm = {
  ...{ Error, TypeError, Promise, Object, JSON, ArrayBuffer, Uint8Array, Uint16Array, Float32Array },
};

export function realmOf(context: vm.Context): Realm {
  return vm.runInContext(
    '({ Error, TypeError, Promise, Object, JSON, ArrayBuffer, Uint8Array, Uint16Array, Float32Array })',
    context,
  ) as Realm;
}

type Callable = (...args: never[]) => unknown;

/**
 * The border between the simulator and plugin code: errors, promises and typed arrays that cross it belong to the
 * plugin's realm, so `instanceof Error` and `instanceof Uint8Array` answer as they do in Photoshop.
 */
export class Boundary {
  readonly realm: Realm;
  readonly #targets = new WeakMap<object, object>();

  constructor(realm: Realm) {
    this.realm = realm;
  }

  error(error: unknown): unknown {
    if (!(error instanceof Error)) return error;
    if (this.realm.Error === Error && !(error instanceof HostError)) return error;
    const type = error instanceof TypeError || (error instanceof HostError && error.kind === 'TypeError');
    const out = new this.realm[type ? 'TypeError' : 'Error'](error.message);
    if (error instanceof HostError && error.number !== undefined) Object.assign(out, { number: error.number });
    if (error instanceof HostError && error.shownName) out.name = error.shownName;
    if (!(error instanceof HostError)) out.stack = error.stack ?? '';
    return out;
  }

  /** Wraps a function of the simulator for plugin code; a promise it returns becomes one of the realm. */
  wrap<F extends Callable>(fn: F): F {
    const boundary = this;
    return function (this: unknown, ...args: never[]) {
      try {
        const result = fn.apply(this as never, args);
        return result instanceof Promise ? boundary.promise(result) : result;
      } catch (error) {
        throw boundary.error(error);
      }
    } as F;
  }

  promise<T>(promise: Promise<T>): Promise<T> {
    return new this.realm.Promise<T>((resolve, reject) => {
      promise.then(resolve, (error) => reject(this.error(error)));
    });
  }

  wrapAll<T extends Record<string, Callable>>(functions: T): T {
    const entries = Object.entries(functions).map(([name, fn]) => [name, this.wrap(fn)]);
    return Object.assign(new this.realm.Object(), Object.fromEntries(entries)) as T;
  }

  /**
   * A plugin-side stand-in for an instance: getters, setters and methods of its class, none of its fields.
   * Non-enumerable members vanish under object spread, as those of Photoshop's executionContext do.
   */
  expose<T extends object>(target: T, enumerable = true): T {
    const facade = new this.realm.Object() as T;
    for (let proto = Object.getPrototypeOf(target); proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
      for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
        if (name === 'constructor' || Object.hasOwn(facade, name)) continue;
        const { get, set, value } = property;
        if (typeof value === 'function') {
          const method = this.wrap(value.bind(target));
          Object.defineProperty(facade, name, { value: method, enumerable, configurable: false });
        } else {
          const accessor: PropertyDescriptor = { enumerable, configurable: false };
          if (get) accessor.get = this.wrap(get.bind(target) as () => unknown);
          if (set) accessor.set = this.wrap(set.bind(target) as (value: unknown) => void);
          Object.defineProperty(facade, name, accessor);
        }
      }
    }
    this.#targets.set(facade, target);
    return facade;
  }

  unwrap(facade: unknown): object | undefined {
    return typeof facade === 'object' && facade !== null ? this.#targets.get(facade) : undefined;
  }

  /** A copy in the plugin's realm. */
  array(data: PixelData): PixelData {
    const { realm } = this;
    const size = data.BYTES_PER_ELEMENT;
    const Type = size === 1 ? realm.Uint8Array : size === 2 ? realm.Uint16Array : realm.Float32Array;
    const out = new Type(data.length);
    out.set(data);
    return out;
  }

  bytes(data: Uint8Array): ArrayBuffer {
    const buffer = new this.realm.ArrayBuffer(data.byteLength);
    new Uint8Array(buffer).set(data);
    return buffer;
  }
}
