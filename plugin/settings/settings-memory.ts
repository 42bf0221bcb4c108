import { readSettings } from './read-settings.ts';
import type { Settings } from './settings.ts';

/** The part of localStorage that we use. */
export type TextStore = Pick<Storage, 'getItem' | 'setItem'>;

const KEY = 'hairline.settings';

interface Kept {
  settings: Settings;
  /** Where the server is, as the user typed it; empty: wherever it answers. */
  address: string;
  /** Where it answered last, as an origin; empty: nowhere yet. */
  route: string;
  /** A mask was made before, so the panel need not introduce itself. */
  welcomed: boolean;
}

/** The user's choices, kept for the next session; where nothing can be kept, for this one. */
export class SettingsMemory {
  private readonly open: () => TextStore;
  private kept: Kept;

  /** @param open may throw: a host need not have localStorage, and need not let us have it. */
  constructor(open: () => TextStore = () => localStorage) {
    this.open = open;
    this.kept = read(this.load());
  }

  get settings(): Settings {
    return this.kept.settings;
  }

  get address(): string {
    return this.kept.address;
  }

  get route(): string {
    return this.kept.route;
  }

  get welcomed(): boolean {
    return this.kept.welcomed;
  }

  choose(change: Partial<Settings>): void {
    this.keep({ ...this.kept, settings: { ...this.settings, ...change } });
  }

  chooseAddress(address: string): void {
    this.keep({ ...this.kept, address });
  }

  noteRoute(route: string): void {
    this.keep({ ...this.kept, route });
  }

  noteWelcome(): void {
    if (!this.welcomed) this.keep({ ...this.kept, welcomed: true });
  }

  private keep(kept: Kept): void {
    this.kept = kept;
    try {
      this.open().setItem(KEY, JSON.stringify(kept));
    } catch {
      // Then it holds until Photoshop is closed.
    }
  }

  private load(): unknown {
    try {
      return JSON.parse(this.open().getItem(KEY) ?? 'null');
    } catch {
      // As good as nothing kept.
      return null;
    }
  }
}

function read(kept: unknown): Kept {
  const { settings, address, route, welcomed } = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<
    keyof Kept,
    unknown
  >;
  return {
    settings: readSettings(settings),
    address: typeof address === 'string' ? address : '',
    route: typeof route === 'string' ? route : '',
    welcomed: welcomed === true,
  };
}
