import { chooseLayer } from './choose-layer.ts';
import { openFlat } from './flat-layer.ts';
import type { OpenLayer } from './masked-document.ts';
import { openRecord } from './record-mask.ts';
import type { ByteSource } from './source.ts';
import { readStructure } from './structure.ts';

/**
 * Opens a layer of a Photoshop document of any size for masking; nothing but a mask's worth of it is ever in memory.
 * @param wanted name of the layer; else the lowest visible pixel layer
 * @throws {CannotMask}, {AppError} TRUNCATED_IMAGE, IMAGE_TOO_LARGE, UNSUPPORTED_PICTURE
 */
export async function openLayer(source: ByteSource, wanted?: string): Promise<OpenLayer> {
  const structure = await readStructure(source);
  if (!structure.layers) return openFlat(source, structure, wanted);
  return openRecord(source, structure, chooseLayer(structure.layers, wanted));
}
