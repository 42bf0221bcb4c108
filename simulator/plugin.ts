import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { builtInModules } from './built-in-modules.ts';
import { type Document, type DomWindow, type Element, parseDocument, Visibility } from './elements.ts';
import { Entrypoints, guarded } from './entrypoints.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { findMarkupProblems } from './markup.ts';
import { Modules } from './modules.ts';
import { Network } from './network.ts';
import { createSandbox, fillGlobals, type Sandbox } from './sandbox.ts';
import type { HostState, RecordedStep } from './state.ts';
import type { Folders } from './storage.ts';
import { watchRejections } from './unhandled.ts';
import { User } from './user.ts';

/** What is kept for a plugin between loads. */
export interface PluginStore {
  readonly local: Map<string, string>;
  readonly secrets: Map<string, Uint8Array>;
  readonly data: string;
  readonly temporary: string;
}

/** A plugin as Photoshop runs it: its bundle, in a context of its own. */
export class LoadedPlugin {
  readonly manifest: Manifest;
  readonly errors: unknown[];
  readonly consoleLines: string[];
  /** What the plugin asked the operating system to open. */
  readonly opened: string[] = [];
  readonly #host: HostState;
  readonly #sandbox: Sandbox;
  readonly #dom: DomWindow;
  readonly #visibility: Visibility;
  readonly #entrypoints: Entrypoints;
  readonly #network: Network;
  readonly #stopWatching: () => void;
  readonly #folder: string;
  readonly #created = new Set<string>();
  readonly #shown = new Set<string>();
  readonly #user: User;

  private constructor(host: HostState, folder: string, store: (id: string) => PluginStore) {
    this.#host = host;
    this.manifest = readManifest(folder, host.options.version);
    const { id, requiredPermissions: permissions, main } = this.manifest;
    const mainFile = path.join(folder, main);
    const base = host.options.addressBase === 'root' ? folder : path.dirname(mainFile);
    this.#sandbox = createSandbox(id, permissions.allowCodeGenerationFromStrings === true, host);
    const { session, consoleLines } = this.#sandbox;
    this.errors = session.errors;
    this.consoleLines = consoleLines;
    this.#stopWatching = watchRejections(session.boundary.realm.Promise, this.errors);
    const html = main.endsWith('.html')
      ? readFileSync(mainFile, 'utf8')
      : `<body><script src="${main}"></script></body>`;
    this.#dom = parseDocument(html, host.faults);
    this.#visibility = new Visibility(this.#dom.document, base);
    this.#entrypoints = new Entrypoints((error) => this.errors.push(session.boundary.error(error)));
    this.#network = new Network(permissions.network?.domains, host.options);
    const kept = store(id);
    const folders: Folders = { plugin: folder, data: kept.data, temporary: kept.temporary };
    this.#user = new User(this.#dom, this.#visibility, this.errors, () => this.#shown.size > 0);
    const builtIn = builtInModules(host, session, {
      ...{ manifest: this.manifest, entrypoints: this.#entrypoints, opened: this.opened },
      ...{ folders, secrets: kept.secrets, onPicker: () => this.#user.notePicker() },
    });
    fillGlobals(host, this.#sandbox, {
      network: this.#network,
      dom: this.#dom,
      storage: kept.local,
      clipboard: permissions.clipboard,
      require: new Modules(builtIn, folder, this.#sandbox.context, session).requireFrom(base),
    });
    this.#folder = base;
  }

  static async load(host: HostState, folder: string, store: (id: string) => PluginStore): Promise<LoadedPlugin> {
    const plugin = new LoadedPlugin(host, folder, store);
    try {
      plugin.#runScripts(plugin.#folder);
      plugin.#entrypoints.close();
      plugin.#user.fire(plugin.document, 'DOMContentLoaded');
      plugin.#user.fire(plugin.document, 'load');
      await guarded('plugin create', () => plugin.#entrypoints.plugin.create?.());
    } catch (error) {
      await plugin.unload();
      throw error;
    }
    return plugin;
  }

  get window(): Record<string, unknown> {
    return this.#sandbox.session.globals;
  }

  get document(): Document {
    return this.#dom.document;
  }

  /** HTML and CSS of the panel that UXP would not honor. */
  get markupProblems(): string[] {
    return findMarkupProblems(this.document, this.#visibility.sheets);
  }

  /** Creates the panel on first use, then shows it; each hook has 300 ms. Default: the first panel of the manifest. */
  async showPanel(id?: string): Promise<void> {
    const panel = this.#panelId(id);
    const hooks = this.#entrypoints.panel(panel);
    const root = this.document.querySelector(`uxp-panel[panelid="${panel}"]`) ?? this.document.body;
    const create = async () => {
      if (this.#created.has(panel)) return;
      this.#created.add(panel);
      await this.#reported(guarded(`panel ${panel} create`, () => hooks?.create?.(...this.#given(root))));
    };
    const { showOnce, showFirst } = this.#host.faults;
    if (!showFirst) await create();
    if (this.#shown.has(panel) && showOnce) return;
    this.#shown.add(panel);
    await this.#reported(guarded(`panel ${panel} show`, () => hooks?.show?.(...this.#given(root))));
    if (showFirst) await create();
  }

  /** As when the user closes the panel and opens it again, in a host that makes another node for it then. */
  async recreatePanel(id?: string): Promise<void> {
    const panel = this.#panelId(id);
    const hooks = this.#entrypoints.panel(panel);
    await this.#reported(guarded(`panel ${panel} destroy`, () => hooks?.destroy?.(this.document.body)));
    const { body } = this.document;
    body.textContent = '';
    const root = this.document.createElement('uxp-panel');
    body.append(root);
    await this.#reported(guarded(`panel ${panel} create`, () => hooks?.create?.(...this.#given(root))));
    await this.#reported(guarded(`panel ${panel} show`, () => hooks?.show?.(...this.#given(root))));
  }

  async hidePanel(id?: string): Promise<void> {
    const panel = this.#panelId(id);
    if (this.#host.faults.showOnce) return;
    this.#shown.delete(panel);
    await this.#reported(
      guarded(`panel ${panel} hide`, () => this.#entrypoints.panel(panel)?.hide?.(...this.#given(this.document.body))),
    );
  }

  async invokePanelMenu(item: string, id?: string): Promise<void> {
    await this.#entrypoints.panel(this.#panelId(id))?.invokeMenu?.(item);
  }

  async invokeCommand(id: string): Promise<void> {
    if (!this.manifest.entrypoints.some((entry) => entry.type === 'command' && entry.id === id)) {
      throw new Error(`manifest.json declares no command ${id}`);
    }
    const run = this.#entrypoints.command(id);
    if (!run) throw new Error(`entrypoints.setup registered no command ${id}`);
    if (this.manifest.recordsMenu) this.#host.recording?.push({ name: id, methodName: '', info: {}, command: id });
    await run({}, {});
  }

  /**
   * Plays a recorded step. Whether Photoshop is already modal while a handler runs is not documented: try both.
   * With `recordAgain` the handler's answer replaces the step's info.
   */
  async playStep(step: RecordedStep, options: { modal?: boolean; recordAgain?: boolean } = {}): Promise<void> {
    if (step.command !== undefined) return this.invokeCommand(step.command);
    const handler = this.window[step.methodName];
    if (typeof handler !== 'function')
      throw new Error(`Script action failed. ${step.methodName} is not a global function`);
    const info = structuredClone(step.info);
    const { session } = this.#sandbox;
    const answer = options.modal
      ? await this.#host.modal.execute(session, (context) => handler(context, info), { commandName: step.name })
      : await handler({ isCancelled: undefined, mode: 'action', uiMode: 'never' }, info);
    if (options.recordAgain && answer !== undefined) step.info = structuredClone(answer);
  }

  /** Clicks like a user: refuses what a user could not click. */
  click(selector: string): void {
    this.#user.click(selector);
  }

  /** Chooses an item of a dropdown by its value. */
  choose(selector: string, value: string): void {
    this.#user.choose(selector, value);
  }

  /** Types into a text field, or moves a slider. */
  type(selector: string, value: string): void {
    this.#user.type(selector, value);
  }

  text(selector: string): string {
    return this.#user.find(selector).textContent.replace(/\s+/g, ' ').trim();
  }

  isVisible(selector: string): boolean {
    const element = this.document.querySelector(selector);
    return element !== null && this.#visibility.isVisible(element);
  }

  async waitFor(predicate: () => boolean, timeoutMs = 5000, what = 'the condition'): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!predicate()) {
      if (performance.now() > deadline) {
        const state = [...this.errors.map(String), ...this.consoleLines.slice(-5)].join('\n');
        throw new Error(`${what} did not come true within ${timeoutMs} ms\n${state}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async unload(): Promise<void> {
    try {
      await guarded('plugin destroy', () => this.#entrypoints.plugin.destroy?.());
    } finally {
      this.#sandbox.close();
      this.#network.close();
      // Rejections surface a turn later than what caused them.
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#stopWatching();
    }
  }

  /** Before version 5 of the manifest hooks get an event. */
  #given(root: Element): unknown[] {
    return this.manifest.manifestVersion < 5 ? [{ node: root }] : [root, {}];
  }

  #panelId(id?: string): string {
    const found = this.manifest.entrypoints.find(
      (entry) => entry.type === 'panel' && (id === undefined || entry.id === id),
    );
    if (!found) throw new Error(`manifest.json declares no panel ${id ?? ''}`);
    return found.id;
  }

  async #reported(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      this.errors.push(error);
      throw error;
    }
  }

  #runScripts(folder: string): void {
    for (const script of this.document.querySelectorAll('script')) {
      const src = script.getAttribute('src');
      // As UXP does: without a word.
      if (script.getAttribute('type') === 'module' || (src && !existsSync(path.join(folder, src)))) continue;
      const code = src ? readFileSync(path.join(folder, src), 'utf8') : script.textContent;
      new vm.Script(code, { filename: src ?? 'inline.js' }).runInContext(this.#sandbox.context);
      if (this.#host.faults.scriptsGone) script.remove();
    }
  }
}
