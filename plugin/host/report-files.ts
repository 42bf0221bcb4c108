import type { storage as Storage } from 'uxp';
import { storage } from './uxp.ts';

const NAME = 'hairline-photoshop-check';

/** The report of a check, in the plugin's own folder and where the user wants it. */
export interface ReportFiles {
  /** Empty where there is none. */
  read(): Promise<string>;
  write(json: string): Promise<void>;
  /** Lets the user choose a folder; answers with the names of two new files in it, or null if they cancel. */
  save(json: string, text: string): Promise<string[] | null>;
}

export const reportFiles: ReportFiles = {
  async read() {
    try {
      const folder = await storage.localFileSystem.getDataFolder();
      return await (await folder.getEntry(`${NAME}.json`)).read();
    } catch {
      return '';
    }
  },

  async write(json) {
    const folder = await storage.localFileSystem.getDataFolder();
    const file = await folder.createFile(`${NAME}.json`, { overwrite: true });
    await file.write(json);
  },

  async save(json, text) {
    const folder = await storage.localFileSystem.getFolder();
    if (!folder) return null;
    const names: string[] = [];
    for (const [extension, content] of [
      ['json', json],
      ['txt', text],
    ] as const) {
      const file = await createFresh(folder, extension);
      await file.write(content);
      names.push(file.name);
    }
    return names;
  },
};

/** An earlier report stays what it is. */
async function createFresh(folder: Storage.Folder, extension: string): Promise<Storage.File> {
  const taken = new Set(Array.from(await folder.getEntries(), ({ name }) => name.toLowerCase()));
  for (let count = 1; ; count++) {
    const name = `${NAME}${count === 1 ? '' : `-${count}`}.${extension}`;
    if (!taken.has(name)) return folder.createFile(name, { overwrite: false });
  }
}
