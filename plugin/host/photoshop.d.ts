// What @types/photoshop 25.0 lacks of the calls we use, and the few lines of `uxp` that we need.

declare module 'uxp' {
  export interface PanelEntry {
    create?(rootNode: HTMLElement): void;
    show?(rootNode: HTMLElement): void;
    hide?(): void;
    destroy?(): void;
  }
  export interface CommandEntry {
    run(): Promise<void> | void;
  }
  /** `uiLocale`: "en_US", "zh_CN". */
  export const host: { readonly uiLocale: string };
  interface FileEntry {
    read(): Promise<string>;
  }
  export const storage: {
    localFileSystem: { getPluginFolder(): Promise<{ getEntry(name: string): Promise<FileEntry> }> };
  };
  export const shell: {
    /** Answers "" when it worked, else why not; some versions reject. `developerText` is shown to the user. */
    openPath(path: string, developerText?: string): Promise<string>;
  };
  export const entrypoints: {
    setup(entries: {
      plugin?: { create?(): void; destroy?(): void };
      panels?: Record<string, PanelEntry>;
      commands?: Record<string, CommandEntry>;
    }): void;
  };
}

declare module 'os' {
  /** "darwin", "win32", "win10" or "windows". */
  export function platform(): string;
  export function homedir(): string;
}
