import type { UpdateState } from '../../protocol/schemas/control.ts';

/** What the page may ask this computer to do. Each throws an AppError SYSTEM_REFUSED with a sentence for people. */
export interface Desk {
  /** Whether the server starts at logon. */
  autostart(): Promise<boolean>;
  setAutostart(on: boolean): Promise<void>;
  /** Whether there is a panel to install. */
  readonly hasPanelFile: boolean;
  openPanelFile(): Promise<void>;
  openLogFolder(): Promise<void>;
  /** Null: this program cannot update itself. */
  readonly updates: Updates | null;
}

/** Newer versions of this app. */
export interface Updates {
  readonly state: UpdateState;
  /** Whether the server looks for them by itself. Remembered. */
  setWatch(on: boolean): Promise<void>;
  /** Starts to install the one that is available; the server is ended in the course of it. */
  install(): void;
}
