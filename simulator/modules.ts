import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { HostError } from './errors.ts';
import type { PluginSession } from './session.ts';

type Require = (name: string) => unknown;

/** `require` as a plugin has it: the modules that Photoshop brings, and the plugin's own files by relative address. */
export class Modules {
  readonly #builtIn: Readonly<Record<string, () => unknown>>;
  readonly #folder: string;
  readonly #context: vm.Context;
  readonly #session: PluginSession;
  readonly #loaded = new Map<string, { exports: unknown }>();

  constructor(
    builtIn: Readonly<Record<string, () => unknown>>,
    folder: string,
    context: vm.Context,
    session: PluginSession,
  ) {
    this.#builtIn = builtIn;
    this.#folder = folder;
    this.#context = context;
    this.#session = session;
  }

  /** For scripts in `folder`. */
  requireFrom(folder: string): Require {
    return this.#session.boundary.wrap((name: string) =>
      /^\.\.?\//.test(name) ? this.#file(folder, name) : this.#own(name),
    );
  }

  #own(name: string): unknown {
    const make = this.#builtIn[name];
    if (!make) throw new HostError(`Cannot find module '${name}'`);
    let loaded = this.#loaded.get(name);
    if (!loaded) {
      loaded = { exports: make() };
      this.#loaded.set(name, loaded);
    }
    return loaded.exports;
  }

  #file(from: string, name: string): unknown {
    const wanted = path.resolve(from, name);
    const full = [wanted, `${wanted}.js`, `${wanted}.json`, path.join(wanted, 'index.js')].find(isFile);
    if (!full || path.relative(this.#folder, full).startsWith('..'))
      throw new HostError(`Cannot find module '${name}'`);
    const known = this.#loaded.get(full);
    if (known) return known.exports;
    const text = readFileSync(full, 'utf8');
    const { realm } = this.#session.boundary;
    const module = { exports: full.endsWith('.json') ? realm.JSON.parse(text) : new realm.Object() };
    // Before it runs, so that two files may need each other.
    this.#loaded.set(full, module);
    if (full.endsWith('.json')) return module.exports;
    const filename = path.relative(this.#folder, full);
    const wrapper = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
      filename,
    });
    const run = wrapper.runInContext(this.#context) as (...args: unknown[]) => void;
    run.call(module.exports, module.exports, this.requireFrom(path.dirname(full)), module, full, path.dirname(full));
    return module.exports;
  }
}

const isFile = (full: string) => statSync(full, { throwIfNoEntry: false })?.isFile() === true;
