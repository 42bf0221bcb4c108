/** What the page may ask this computer to do. Each throws an AppError SYSTEM_REFUSED with a sentence for people. */
export interface Desk {
  /** Whether the server starts at logon. */
  autostart(): Promise<boolean>;
  setAutostart(on: boolean): Promise<void>;
  /** Whether there is a panel to install. */
  readonly hasPanelFile: boolean;
  openPanelFile(): Promise<void>;
  openLogFolder(): Promise<void>;
}
