import { HostError } from './errors.ts';

type Hook = (...args: unknown[]) => unknown;

export interface PanelHooks {
  create?: Hook;
  show?: Hook;
  hide?: Hook;
  destroy?: Hook;
  invokeMenu?: Hook;
  menuItems?: (MenuItem | string)[];
}

export interface MenuItem {
  id?: string;
  label?: string;
  enabled?: boolean;
  checked?: boolean;
}

export interface PanelInfo {
  readonly id: string;
  readonly menuItems: {
    readonly size: number;
    getItem(id: string): MenuItem | null;
    getItemAt(index: number): MenuItem | null;
    insertAt(index: number, item: MenuItem): void;
    removeAt(index: number): void;
  };
}

interface Setup {
  plugin?: { create?: Hook; destroy?: Hook } | Hook;
  panels?: Record<string, PanelHooks | Hook>;
  commands?: Record<string, { run?: Hook } | Hook>;
}

/** What the plugin told entrypoints.setup: once, and only while its scripts run for the first time. */
export class Entrypoints {
  #registered: Setup | null = null;
  #closed = false;
  readonly #infos = new Map<string, PanelInfo>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  setup(setup: Setup): void {
    const problem = this.#registered
      ? 'entrypoints.setup may be called only once'
      : this.#closed
        ? 'entrypoints.setup must be called synchronously while the plugin starts'
        : undefined;
    if (problem) {
      const error = new HostError(problem);
      this.#report(error);
      throw error;
    }
    for (const [id, panel] of Object.entries(setup.panels ?? {})) {
      if (typeof panel !== 'function' && !panel.create && !panel.show) {
        throw new HostError(`entrypoints.setup: panel ${id} needs create or show`);
      }
    }
    this.#registered = setup;
  }

  close(): void {
    this.#closed = true;
  }

  get plugin(): { create?: Hook; destroy?: Hook } {
    const plugin = this.#registered?.plugin;
    return typeof plugin === 'function' ? { create: plugin } : (plugin ?? {});
  }

  panel(id: string): PanelHooks | undefined {
    const panel = this.#registered?.panels?.[id];
    return typeof panel === 'function' ? { show: panel } : panel;
  }

  /** What plugins get to change their panel's menu; null where there is no such panel. */
  panelInfo(id: string): PanelInfo | null {
    const known = this.#infos.get(id);
    const panel = this.panel(id);
    if (known || !panel) return known ?? null;
    const items = (panel.menuItems ?? []).map((item) =>
      typeof item === 'string' ? { id: item, label: item } : { ...item },
    );
    const menuItems = {
      get size() {
        return items.length;
      },
      getItem: (item: string) => items.find((other) => other.id === item) ?? null,
      getItemAt: (index: number) => items[index] ?? null,
      insertAt: (index: number, item: MenuItem) => void items.splice(index, 0, { ...item }),
      removeAt: (index: number) => void items.splice(index, 1),
    };
    const info = { id, menuItems };
    this.#infos.set(id, info);
    return info;
  }

  command(id: string): Hook | undefined {
    const command = this.#registered?.commands?.[id];
    return typeof command === 'function' ? command : command?.run?.bind(command);
  }
}

/** UXP gives create, show and hide 300 ms; a promise that takes longer is an error. */
export async function guarded(what: string, hook: (() => unknown) | undefined): Promise<void> {
  if (!hook) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not finish within 300 ms`)), 300);
  });
  try {
    await Promise.race([Promise.resolve(hook()), late]);
  } finally {
    clearTimeout(timer);
  }
}
