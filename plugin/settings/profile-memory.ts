import { type HostProfile, readProfile } from '../host-profile.ts';
import type { TextStore } from './settings-memory.ts';

const KEY = 'hairline.profiles';

/** Photoshops that share a store, and versions before the last update. */
const MOST = 4;

type Kept = [host: string, profile: Partial<HostProfile>][];

/** What was measured of this host: of one version of Photoshop, on one system, by one version of the panel. */
export class ProfileMemory {
  private readonly host: string;
  private readonly open: () => TextStore;
  private measured: Partial<HostProfile>;

  /** @param open may throw, as in `SettingsMemory` */
  constructor(host: string, open: () => TextStore = () => localStorage) {
    this.host = host;
    this.open = open;
    this.measured = this.load().find(([name]) => name === host)?.[1] ?? {};
  }

  get profile(): HostProfile {
    return readProfile(this.measured);
  }

  note(measured: Partial<HostProfile>): void {
    this.measured = { ...this.measured, ...measured };
    const others = this.load().filter(([name]) => name !== this.host);
    const kept: Kept = [...others.slice(1 - MOST), [this.host, this.measured]];
    try {
      this.open().setItem(KEY, JSON.stringify(kept));
    } catch {
      // Then it holds until Photoshop is closed.
    }
  }

  private load(): Kept {
    try {
      const kept: unknown = JSON.parse(this.open().getItem(KEY) ?? '[]');
      return Array.isArray(kept) ? (kept.filter(Array.isArray) as Kept) : [];
    } catch {
      return [];
    }
  }
}
