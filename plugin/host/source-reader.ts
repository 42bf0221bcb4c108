import type { Document } from 'photoshop/dom/Document.js';
import type { Layer } from 'photoshop/dom/Layer.js';
import { PluginError, textOf } from '../errors.ts';
import { inFront, type ReadWay } from '../host-profile.ts';
import { type Bounds, intersect, isEmpty, type Picture } from '../picture.ts';
import { selectLayers, withActiveLayer } from './active-layer.ts';
import { deleteMask, duplicateLayer, getHasMask, getMaskEnabled, mergeLayers, play } from './descriptors.ts';
import { asNothing } from './history.ts';
import type { Source } from './host.ts';
import { boundsWithoutMask, findDocument, findLayer, lockOf, roundOutwards } from './layers.ts';
import type { ModalScope } from './modal-scope.ts';
import { readPixels } from './pixel-reader.ts';
import { createLike, createMergedCopy, withTemporaryDocument } from './temporary-document.ts';
import { constants } from './uxp.ts';

/** What is read, where, and how: `deep` as in `ReadScope`. */
interface Reading {
  scope: ModalScope;
  document: Document;
  region: Bounds;
  deep: boolean;
}

/**
 * Pixels of the source within `region`, as if it had no mask. The document is as before.
 * @param asked ways to try; by default those that work in this Photoshop first
 */
export async function readPicture(
  scope: ModalScope,
  source: Source,
  region: Bounds,
  deep: boolean,
  asked?: readonly ReadWay[],
): Promise<Picture> {
  const document = findDocument(source.documentId);
  const layer = source.layerId === null ? null : findLayer(document, source.layerId);
  const reading = { scope, document, region, deep };
  const selected = Array.from(document.activeLayers, ({ id }) => id);
  const failures: string[] = [];
  for (const way of asked ?? (await waysTo(reading, layer))) {
    const read = layer === null ? WAYS_TO_COMPOSITE[way] : WAYS_TO_LAYER[way];
    if (read === undefined) continue;
    scope.check();
    try {
      const picture = await read(reading, layer!);
      if (failures.length > 0) await selectLayers(document, selected);
      return picture;
    } catch (thrown) {
      scope.check();
      if (!(thrown instanceof PluginError) || thrown.code !== 'READ_FAILED') throw thrown;
      failures.push(`${way}: ${thrown.detail}`);
    }
  }
  throw new PluginError('READ_FAILED', { layer: layer?.name ?? document.name }, failures.join('; '));
}

/** Those that work in this Photoshop first. Where nothing can be taken back, what must be changed for reading is copied. */
async function waysTo(reading: Reading, layer: Layer | null): Promise<readonly ReadWay[]> {
  const { readWays, smartObjectWays, rollsBack } = reading.scope.profile;
  const ways = layer?.kind === constants.LayerKind.SMARTOBJECT ? smartObjectWays : readWays;
  const isChanged = !rollsBack && layer !== null && (layer.kind === 'group' || (await isHidden(reading, layer)));
  return isChanged ? inFront(ways, ['layer-copy']) : ways;
}

type Read = (reading: Reading, layer: Layer) => Promise<Picture>;

const WAYS_TO_LAYER: Partial<Record<ReadWay, Read>> = {
  'in-place': readInPlace,
  'layer-copy': (reading, layer) => readCopy(reading, layer, false),
  'rasterized-copy': (reading, layer) => readCopy(reading, layer, true),
};

const WAYS_TO_COMPOSITE: Partial<Record<ReadWay, (reading: Reading) => Promise<Picture>>> = {
  'in-place': ({ scope, document, region, deep }) =>
    readPixels(scope, { documentId: document.id, layerId: null }, document.name, region, deep),
  'merged-copy': ({ scope, document, region, deep }) =>
    inCopy(document.name, () =>
      withTemporaryDocument(
        scope,
        () => createMergedCopy(document),
        ({ id }) => readPixels(scope, { documentId: id, layerId: null }, document.name, region, deep),
      ),
    ),
};

async function readInPlace(reading: Reading, layer: Layer): Promise<Picture> {
  const { scope, document, region, deep } = reading;
  const target = { documentId: document.id, layerId: layer.id };
  if (layer.kind !== 'group' && !(await isHidden(reading, layer)))
    return readPixels(scope, target, layer.name, region, deep);
  const lock = lockOf(layer);
  if (lock !== null) throw new PluginError(lock === 'layer' ? 'LAYER_LOCKED' : 'GROUP_LOCKED', { layer: layer.name });
  return asNothing(scope, document, () =>
    withActiveLayer(document, layer.id, () => readUncovered(reading, layer, layer.name)),
  );
}

/** From a document that holds nothing else. */
function readCopy(reading: Reading, layer: Layer, rasterizes: boolean): Promise<Picture> {
  const { scope, document, region } = reading;
  const { name } = layer;
  return inCopy(name, () =>
    withTemporaryDocument(
      scope,
      () => createLike(document),
      async (temporary) => {
        const copy = await layer.duplicate(temporary);
        if (copy === null) throw new Error('no copy was made');
        scope.check();
        const { x, y } = await findShift(reading, layer, temporary, copy);
        if (rasterizes) await copy.rasterize(constants.RasterizeType.ENTIRELAYER);
        const shifted = { ...reading, document: temporary, region: shift(region, x, y) };
        const picture = await withActiveLayer(temporary, copy.id, () => readUncovered(shifted, copy, name));
        return { ...picture, left: picture.left - x, top: picture.top - y };
      },
    ),
  );
}

/** How far from the original a copy lies in another document: not documented. Masks may hide one and not the other. */
async function findShift(reading: Reading, layer: Layer, temporary: Document, copy: Layer) {
  const { scope, document } = reading;
  const shown: readonly (Bounds | null)[] = [layer.boundsNoEffects, copy.boundsNoEffects];
  if (!(await isMasked(document, layer))) return differenceOf(shown) ?? { x: 0, y: 0 };
  const told = [
    await boundsWithoutMask({ documentId: document.id, layerId: layer.id }),
    await boundsWithoutMask({ documentId: temporary.id, layerId: copy.id }),
  ];
  const difference = differenceOf(told) ?? differenceOf(shown);
  if (difference !== null) return difference;
  // The mask hides everything.
  const uncovered = (where: Document, { id }: Layer) =>
    asNothing(scope, where, () =>
      withActiveLayer(where, id, async () => {
        const own = findLayer(where, id);
        await removeMask(where, own);
        return own.boundsNoEffects;
      }),
    );
  return differenceOf([await uncovered(document, layer), await uncovered(temporary, copy)]) ?? { x: 0, y: 0 };
}

/** Null where a box is not known or empty, and so says nothing of a place. */
function differenceOf([from, to]: readonly (Bounds | null | undefined)[]): { x: number; y: number } | null {
  if (!from || !to || isEmpty(from) || isEmpty(to)) return null;
  return { x: Math.round(to.left - from.left), y: Math.round(to.top - from.top) };
}

function shift({ left, top, right, bottom }: Bounds, x: number, y: number): Bounds {
  return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}

/** What goes wrong with a copy says nothing of the original, so the next way has its turn. */
async function inCopy(name: string, read: () => Promise<Picture>): Promise<Picture> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof PluginError && thrown.code === 'EMPTY_LAYER') throw thrown;
    throw new PluginError('READ_FAILED', { layer: name }, detailOf(thrown));
  }
}

function detailOf(thrown: unknown): string {
  return thrown instanceof PluginError ? thrown.detail : textOf(thrown);
}

/** Reads the active layer, and changes the document for it: a group becomes one layer, a mask goes. */
async function readUncovered({ scope, document, region, deep }: Reading, layer: Layer, name: string): Promise<Picture> {
  const shown = await uncover(document, layer);
  scope.check();
  // What the mask hid counts now.
  const visible = intersect(roundOutwards(shown.boundsNoEffects), region);
  if (isEmpty(visible)) throw new PluginError('EMPTY_LAYER', { layer: name });
  return readPixels(scope, { documentId: document.id, layerId: shown.id }, name, visible, deep);
}

async function uncover(document: Document, layer: Layer): Promise<Layer> {
  try {
    if (layer.kind === 'group') return await mergeCopy(document, layer);
    if (await isMasked(document, layer)) await removeMask(document, layer);
    return layer;
  } catch (thrown) {
    throw new PluginError('READ_FAILED', { layer: layer.name }, detailOf(thrown));
  }
}

/**
 * Photoshop applies a layer's mask to the pixels it hands out, and perhaps even one that is switched off. So the mask is
 * taken away for the moment of reading.
 */
async function removeMask(document: Document, layer: Layer): Promise<void> {
  await play(deleteMask());
  if (await isMasked(document, layer)) throw new Error('the mask did not go');
}

/** Groups have no pixels to hand out, so a copy of the group is made into one layer. */
async function mergeCopy(document: Document, group: Layer): Promise<Layer> {
  await play(duplicateLayer({ documentId: document.id, layerId: group.id }));
  const copy = document.activeLayers[0];
  if (copy === undefined || copy.id === group.id) throw new Error('no copy was made');
  // A hidden group would merge into nothing.
  if (!copy.visible) copy.visible = true;
  if (await isMasked(document, copy)) await play(deleteMask());
  await play(mergeLayers());
  const merged = document.activeLayers[0];
  if (merged === undefined || merged.kind === 'group') throw new Error('the copy was not merged');
  return merged;
}

/** Whether its mask would be applied to the pixels that are read. */
async function isHidden({ scope, document }: Reading, layer: Layer): Promise<boolean> {
  const { maskInPixels } = scope.profile;
  if (maskInPixels === 'never' || !(await isMasked(document, layer))) return false;
  if (maskInPixels !== 'enabled') return true;
  const { userMaskEnabled } = await play(getMaskEnabled({ documentId: document.id, layerId: layer.id }));
  return userMaskEnabled !== false;
}

async function isMasked({ id: documentId }: Document, { id: layerId }: Layer): Promise<boolean> {
  return (await play(getHasMask({ documentId, layerId }))).hasUserMask !== false;
}
