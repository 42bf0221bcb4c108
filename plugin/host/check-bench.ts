import type { NewDocumentMode } from 'photoshop/dom/Constants.js';
import type { ActionDescriptor } from 'photoshop/dom/CoreModules.js';
import type { Document } from 'photoshop/dom/Document.js';
import type { imaging as Imaging } from 'photoshop/dom/ImagingModule.js';
import type { Layer } from 'photoshop/dom/Layer.js';
import type { Cancellation } from '../cancellation.ts';
import { type HostProfile, type MaskWay, type ReadWay, UNCHECKED } from '../host-profile.ts';
import type { Alpha, Bounds, Picture } from '../picture.ts';
import type { SaveFormat } from '../settings/save-format.ts';
import type { Samples } from './convert-pixels.ts';
import { convertBackground, play, QUIET } from './descriptors.ts';
import { EXTENSIONS, writeFile } from './documents.ts';
import { MASK_PROFILE } from './mask-data.ts';
import { putMask, writeBy } from './mask-writer.ts';
import { type ModalScope, runModal } from './modal-scope.ts';
import { REQUESTS } from './pixel-reader.ts';
import { selectAs } from './selection.ts';
import { readPicture } from './source-reader.ts';
import { withTemporaryDocument } from './temporary-document.ts';
import { action, app, constants, imaging, storage } from './uxp.ts';

/** Canvas of the documents that the check makes. */
export const BENCH = { width: 64, height: 48 };

const NAME = 'Hairline check';
const ATTEMPTS = 2;

export interface BenchDocument {
  /** Photoshop's constant, for example `RGBColorMode` (default). */
  readonly mode?: string;
  /** Bits per channel, by default 8. */
  readonly depth?: 8 | 16 | 32;
  readonly width?: number;
  readonly height?: number;
}

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What Photoshop handed out. */
export interface Read extends Rect {
  readonly components: number;
  readonly samples: Samples;
}

/** A document of the check's own, in a modal scope. */
export interface Table {
  readonly scope: ModalScope;
  readonly document: Document;
  /** The one that the document was made with: empty, and not a Background. */
  readonly layer: Layer;
  readonly imaging: typeof imaging;
  readonly constants: typeof constants;
  readonly requests: typeof REQUESTS;
  /** Throws where the command fails. */
  play(descriptor: ActionDescriptor): Promise<ActionDescriptor>;
  /** Answers with whatever Photoshop does. */
  tryPlay(descriptor: ActionDescriptor): Promise<ActionDescriptor>;
  convertBackground: typeof convertBackground;
  /** Answers with the number of bytes; the file is gone then. */
  saveCopy(format: SaveFormat): Promise<number>;
  /** Fills a rectangle of a pixel layer; `color` is RGBA of 0..1. */
  paint(layer: Layer, rect: Rect, color: readonly number[]): Promise<void>;
  read(options: Partial<Imaging.GetPixelsOptions>): Promise<Read>;
  /** By the code that reads the layers of users, one way of it. */
  readBy(way: ReadWay, layer: Layer): Promise<Picture>;
  /** As the panel does it, by one way; answers with what is wrong with the mask, or null. */
  writeMask(layer: Layer, mask: Alpha, way: MaskWay): Promise<string | null>;
  /** At the left top, with a gray profile, and not looked at afterwards. */
  putMask(layerId: number, mask: Alpha, colorProfile?: string): Promise<void>;
  readMask(layer: Layer, sourceBounds?: Bounds): Promise<Read>;
  /** Makes a selection; answers with what is wrong with it, or null. */
  trySelection(alpha: Alpha): Promise<string | null>;
  /** Another document, which is active then. */
  withSecond<T>(body: (document: Document) => Promise<T>): Promise<T>;
}

/** Where probes work: never on a document of the user. */
export interface Bench {
  withDocument<T>(wish: BenchDocument, cancel: Cancellation, body: (table: Table) => Promise<T>): Promise<T>;
  /** Reads a layer of a document of the check's own outside of any modal scope. */
  readOutside(cancel: Cancellation): Promise<void>;
}

/** @param commandName shown by Photoshop's progress bar */
export function createBench(commandName: string, profile: () => HostProfile = () => UNCHECKED): Bench {
  const inScope = <T>(cancel: Cancellation, body: (scope: ModalScope) => Promise<T>) =>
    runModal({ commandName, attempts: ATTEMPTS, profile: profile() }, cancel, body);
  return {
    withDocument: (wish, cancel, body) =>
      inScope(cancel, (scope) =>
        withTemporaryDocument(
          scope,
          () => createDocument(wish),
          (document) => body(layTable(scope, document)),
        ),
      ),

    async readOutside(cancel) {
      const shown = app.activeDocument;
      const document = await inScope(cancel, () => createDocument({}));
      if (document === null) throw new Error('no document was made');
      try {
        const { imageData } = await imaging.getPixels({ documentID: document.id });
        imageData.dispose();
      } finally {
        await inScope(cancel, async () => {
          document.closeWithoutSaving();
          if (shown !== null) app.activeDocument = shown;
        });
      }
    },
  };
}

function createDocument({ mode = 'RGBColorMode', ...wish }: BenchDocument): Promise<Document | null> {
  return app.createDocument({
    ...{ name: NAME, resolution: 72, fill: constants.DocumentFill.TRANSPARENT },
    ...{ ...BENCH, depth: 8, ...wish },
    mode: mode as NewDocumentMode,
  });
}

function layTable(scope: ModalScope, document: Document): Table {
  const layer = document.layers[0];
  if (layer === undefined) throw new Error('the new document has no layer');
  return {
    ...{ scope, document, layer, imaging, constants, requests: REQUESTS, play, convertBackground },
    tryPlay: async (descriptor) => (await action.batchPlay([descriptor], QUIET))[0]!,
    saveCopy: (format) => saveCopy(document, format),
    paint: (target, rect, color) => paint(document, target, rect, color),
    read: async (options) => take(await imaging.getPixels({ documentID: document.id, ...options })),
    readBy(way, { id }) {
      const canvas = { left: 0, top: 0, right: BENCH.width, bottom: BENCH.height };
      return readPicture(scope, { documentId: document.id, layerId: id }, canvas, false, [way]);
    },
    writeMask: async (target, mask, way) =>
      (await writeBy(way, scope, document, { documentId: document.id, layerId: target.id }, mask)).fault,
    putMask: (layerId, mask, colorProfile = MASK_PROFILE) =>
      putMask(scope, { documentId: document.id, layerId }, mask, colorProfile),
    async readMask({ id: layerID }, sourceBounds) {
      const ids = { documentID: document.id, layerID, kind: 'user' as const };
      return take(await imaging.getLayerMask(sourceBounds ? { ...ids, sourceBounds } : ids));
    },
    trySelection: (alpha) => selectAs(scope, document, alpha, alpha),
    withSecond: (body) => withTemporaryDocument(scope, () => createDocument({}), body),
  };
}

async function paint(document: Document, layer: Layer, rect: Rect, color: readonly number[]): Promise<void> {
  const { left, top, width, height } = rect;
  const full = { bitDepth16: 65535, bitDepth32: 1 }[document.bitsPerChannel as string] ?? 255;
  const samples = new (full === 65535 ? Uint16Array : full === 1 ? Float32Array : Uint8Array)(width * height * 4);
  for (let at = 0; at < samples.length; at++) samples[at] = color[at % 4]! * full;
  const imageData = await imaging.createImageDataFromBuffer(samples, {
    ...{ width, height, components: 4, chunky: true, colorSpace: 'RGB', fullRange: true },
  });
  try {
    await imaging.putPixels({
      ...{ documentID: document.id, layerID: layer.id, imageData, targetBounds: { left, top, width, height } },
    });
  } finally {
    imageData.dispose();
  }
}

async function saveCopy(document: Document, format: SaveFormat): Promise<number> {
  const folder = await storage.localFileSystem.getTemporaryFolder();
  const file = await folder.createFile(`hairline-check.${EXTENSIONS[format]}`, { overwrite: true });
  try {
    await writeFile(document, file, format);
    return (await file.read({ format: storage.formats.binary })).byteLength;
  } finally {
    await file.delete().catch(() => {});
  }
}

/** Disposes of the image data. 16-bit samples as Photoshop gives them without `fullRange`. */
export async function take({ imageData, sourceBounds }: Imaging.GetLayerMaskResult): Promise<Read> {
  try {
    const { width, height, components } = imageData;
    const samples = await imageData.getData({ chunky: true });
    return { left: sourceBounds.left, top: sourceBounds.top, width, height, components, samples };
  } finally {
    imageData.dispose();
  }
}
