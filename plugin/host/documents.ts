import type { Document } from 'photoshop/dom/Document.js';
import type { storage as Storage } from 'uxp';
import type { HostWords } from '../../words/panel/host-words.ts';
import { Cancelled } from '../cancellation.ts';
import { PluginError, textOf } from '../errors.ts';
import type { SaveFormat } from '../settings/save-format.ts';
import { withActiveDocument } from './active-layer.ts';
import { play, saveTiff } from './descriptors.ts';
import type { ChosenFolder, DocumentHost } from './document-host.ts';
import { findDocument } from './layers.ts';
import { runModal } from './modal-scope.ts';
import { app, storage } from './uxp.ts';

/** A busy Photoshop is asked for about a minute: the mask that waits to be saved is precious. */
const ATTEMPTS = 25;

export const EXTENSIONS: Record<SaveFormat, string> = { psd: 'psd', tiff: 'tif', png: 'png' };

/** Another program may take a name in the folder that was free a moment ago. */
const NAME_ATTEMPTS = 5;

/** A drive, the root, or a share: what a file that was saved has before its name. */
const PATH = /^([a-z]:[\\/]|[\\/])/i;

/** Photoshop's real documents and the user's real files. */
export const createPhotoshopDocuments = (words: HostWords): DocumentHost => ({
  openDocuments() {
    return Array.from(app.documents, ({ id, name }) => ({ id, name }));
  },

  async chooseFolder() {
    const folder = await storage.localFileSystem.getFolder();
    return folder ? { name: folder.name, folder } : null;
  },

  async saveCopy(documentId, format, chosen, cancel) {
    const document = findDocument(documentId);
    const folder = chosen === null ? await findFolderOf(document) : (chosen as RealFolder).folder;
    cancel.throwIfCancelled();
    const file = await createFreshFile(folder, document.name, EXTENSIONS[format]);
    try {
      await runModal({ commandName: words.saving, attempts: ATTEMPTS }, cancel, async (scope) => {
        scope.check();
        await withActiveDocument(findDocument(documentId), () => writeFile(document, file, format));
        scope.check();
      });
    } catch (thrown) {
      // Ours and empty, or half written.
      await file.delete().catch(() => {});
      if (thrown instanceof Cancelled || thrown instanceof PluginError) throw thrown;
      throw new PluginError('SAVE_FAILED', { document: document.name }, textOf(thrown));
    }
    return file.name;
  },
});

interface RealFolder extends ChosenFolder {
  readonly folder: Storage.Folder;
}

/** Layers, masks and alpha channels are kept where the format has them. The copy leaves the open document its name. */
export async function writeFile(document: Document, file: Storage.File, format: SaveFormat): Promise<void> {
  const asCopy = true;
  // The typings want a token, the documentation and the host a file entry.
  const entry = file as unknown as Parameters<Document['saveAs']['psd']>[0];
  if (format === 'psd') {
    const options = { alphaChannels: true, layers: true, embedColorProfile: true, maximizeCompatibility: true };
    await document.saveAs.psd(entry, options as Parameters<Document['saveAs']['psd']>[1], asCopy);
  } else if (format === 'png') {
    await document.saveAs.png(entry, undefined, asCopy);
  } else {
    await play(saveTiff(document.id, storage.localFileSystem.createSessionToken(file)));
  }
}

async function findFolderOf(document: Document): Promise<Storage.Folder> {
  const { path, cloudDocument } = document;
  const values = { document: document.name };
  if (cloudDocument || !PATH.test(path ?? '')) throw new PluginError('NEVER_SAVED', values);
  const place = path.replace(/\\/g, '/').replace(/\/[^/]*$/, '');
  let refusal = place;
  for (const url of urlsOf(place)) {
    try {
      const entry = await storage.localFileSystem.getEntryWithUrl(url);
      if (isFolder(entry) && isAt(entry, place)) return entry;
    } catch (thrown) {
      refusal = textOf(thrown);
    }
  }
  throw new PluginError('FOLDER_CLOSED', values, refusal);
}

/** Whether `#`, spaces and letters with accents are escaped, and how a share is written, differs between versions. */
function urlsOf(place: string): string[] {
  const rest = place.replace(/^\//, '');
  const escaped = encodeURI(rest).replace(/#/g, '%23').replace(/\?/g, '%3F');
  return [`file:/${rest}`, `file:/${escaped}`, `file:///${rest}`, `file:///${escaped}`];
}

/** Where a `#` ends an address, that of the folder "Shoot#2" leads to "Shoot", whose copies would land there. */
function isAt({ nativePath }: Storage.Entry, place: string): boolean {
  const plain = (path: string) => path.replace(/\\/g, '/').replace(/\/+$/, '').normalize('NFC').toLowerCase();
  return !nativePath || plain(nativePath) === plain(place);
}

function isFolder(entry: Storage.Entry): entry is Storage.Folder {
  return entry.isFolder;
}

/** Creates the file exclusively, which reserves its name; never overwrites an existing file. */
async function createFreshFile(folder: Storage.Folder, documentName: string, extension: string): Promise<Storage.File> {
  const stem = documentName.replace(/\.[a-z0-9]{2,5}$/i, '').replace(/[\\/:*?"<>|]/g, '-');
  let refusal = '';
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
    try {
      const taken = new Set(Array.from(await folder.getEntries(), ({ name }) => name.toLowerCase()));
      return await folder.createFile(findFreeName(taken, `${stem}-masked`, extension), { overwrite: false });
    } catch (thrown) {
      refusal = textOf(thrown);
    }
  }
  throw new PluginError('FOLDER_CLOSED', { document: documentName }, refusal);
}

/** `a-masked.psd`, then `a-masked-2.psd`; disks of Windows and macOS take upper and lower case for the same. */
function findFreeName(taken: ReadonlySet<string>, stem: string, extension: string): string {
  for (let count = 1; ; count++) {
    const name = `${stem}${count === 1 ? '' : `-${count}`}.${extension}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}
