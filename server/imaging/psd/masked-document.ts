import type { ClippingPath } from '../../../protocol/schemas/path.ts';
import type { AlphaPlane } from '../picture.ts';
import { ByteWriter } from './bytes.ts';
import { CannotMask } from './choose-layer.ts';
import type { ByteSource, LengthField } from './source.ts';
import { type Edit, growth, splice } from './splice.ts';
import type { PsdStructure } from './structure.ts';

const MAX_PSD_BYTES = 2 ** 31 - 1;

/** A path that was saved in a document. */
export interface AddedPath {
  /** "Hairline", with a number where the document has such a path already. */
  name: string;
  /** Whether it is the clipping path now: one that the document had stays. */
  clips: boolean;
}

/** A document with its new mask. */
export interface MaskedDocument {
  bytes: number;
  /** The file from beginning to end; can be read once. */
  chunks: AsyncGenerator<Buffer>;
  /** Name of the alpha channel that keeps the mask which the layer had. */
  kept: string | null;
  /** The path that was added. */
  path: AddedPath | null;
}

/** A layer that is to get a mask. */
export interface OpenLayer {
  name: string;
  width: number;
  height: number;
  /** Of the layer on the canvas; parts of it may lie outside. */
  left: number;
  top: number;
  canvas: { width: number; height: number };
  /** Bits that its mask needs. */
  depth: 8 | 16;
  /** Its own pixels, without mask, opacity and what lies above and below. */
  readPicture(): Promise<Buffer>;
  /**
   * @param alpha of the layer's size and depth
   * @param path in pixels of the layer, to be saved as well
   */
  addMask(alpha: AlphaPlane, path?: ClippingPath | null, signal?: AbortSignal): Promise<MaskedDocument>;
}

/** @throws {CannotMask} when the document became too long for its format */
export function finish(source: ByteSource, { isLarge }: PsdStructure, edits: readonly Edit[], signal?: AbortSignal) {
  const bytes = source.length + growth(edits);
  if (!isLarge && bytes > MAX_PSD_BYTES)
    throw new CannotMask('With the mask it would be longer than the 2 GB of a PSD.', 'Save it as PSB in Photoshop.');
  return { bytes, chunks: splice(source, edits, signal) };
}

export function editLength({ at, bytes }: LengthField, value: number): Edit {
  return { at, remove: bytes, insert: new ByteWriter(bytes === 8).size(value).toBuffer() };
}
