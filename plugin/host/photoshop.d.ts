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
  export const host: { readonly uiLocale?: string; readonly version?: string };
  export const versions: { readonly uxp?: string; readonly plugin?: string };
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

  export namespace storage {
    interface Entry {
      readonly name: string;
      readonly isFolder: boolean;
      readonly nativePath?: string;
      delete(): Promise<unknown>;
    }
    interface File extends Entry {
      readonly isFile: true;
      read(): Promise<string>;
      read(options: { format: typeof formats.binary }): Promise<ArrayBuffer>;
      write(text: string): Promise<unknown>;
    }
    interface Folder extends Entry {
      getEntry(name: string): Promise<File>;
      getEntries(): Promise<Entry[]>;
      createFile(name: string, options: { overwrite: boolean }): Promise<File>;
    }
    const formats: { readonly binary: unique symbol };
    const localFileSystem: {
      getPluginFolder(): Promise<Folder>;
      /** The plugin's own, kept between sessions. */
      getDataFolder(): Promise<Folder>;
      /** The plugin's own, until Photoshop closes. */
      getTemporaryFolder(): Promise<Folder>;
      /** A picker; null if the user cancels it. */
      getFolder(): Promise<Folder | null>;
      /** Needs full access. `file:/C:/photos`: slashes, no escapes. */
      getEntryWithUrl(url: string): Promise<Entry>;
      createSessionToken(entry: Entry): string;
    };
  }
}

declare module 'os' {
  /** "darwin", "win32", "win10" or "windows". */
  export function platform(): string;
  export function homedir(): string;
  export function release(): string;
}
