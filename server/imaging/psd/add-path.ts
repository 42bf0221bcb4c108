import { PATH_NAME } from '../../../protocol/matte.ts';
import type { ClippingPath } from '../../../protocol/schemas/path.ts';
import { CannotMask } from './choose-layer.ts';
import { CLIPPING_PATH, FIRST_PATH, LAST_PATH, packClipping, packPath } from './clipping-path.ts';
import { type AddedPath, editLength } from './masked-document.ts';
import { packResource } from './pack-resource.ts';
import { listResources } from './read-resources.ts';
import type { ByteSource } from './source.ts';
import { type Edit, growth } from './splice.ts';
import type { PsdStructure } from './structure.ts';

/**
 * Saves a path in a document beside those that it has.
 * @param path in pixels of the document
 * @throws {CannotMask}
 */
export async function addPath(
  source: ByteSource,
  structure: PsdStructure,
  path: ClippingPath,
): Promise<AddedPath & { edits: Edit[] }> {
  const blocks = await listResources(source, structure.resources);
  const ids = new Set(blocks.map(({ id }) => id));
  const names = new Set(blocks.filter(({ id }) => id >= FIRST_PATH && id <= LAST_PATH).map(({ name }) => name));
  let id = FIRST_PATH;
  while (ids.has(id)) id++;
  if (id > LAST_PATH) throw new CannotMask('It has no room for one more path.', 'Delete paths in Photoshop.');
  let name: string = PATH_NAME;
  for (let n = 2; names.has(name); n++) name = `${PATH_NAME} ${n}`;
  const clips = !ids.has(CLIPPING_PATH);
  const added = [packResource(id, packPath(path), name)];
  if (clips) added.push(packResource(CLIPPING_PATH, packClipping(name)));
  return { name, clips, edits: [{ at: structure.resources.end, remove: 0, insert: Buffer.concat(added) }] };
}

/** Edits of the image resources together with that of their length. */
export function editResources({ resources }: PsdStructure, edits: readonly Edit[]): Edit[] {
  if (edits.length === 0) return [];
  const length = resources.end - resources.start + growth(edits);
  return [editLength({ at: resources.start - 4, bytes: 4 }, length), ...edits];
}
