import { AppError } from '../../errors.ts';
import { BLEND_MODES } from './blend.ts';
import { readFillColor } from './fill.ts';
import type { LayerRecord } from './layer-record.ts';
import type { LayerNode } from './layer-tree.ts';
import type { ByteSource } from './source.ts';
import { MODE, type PsdStructure } from './structure.ts';

/** Blocks of adjustment layers (specification, Additional Layer Information). */
const ADJUSTMENTS = 'levl,curv,brit,CgEd,blnc,hue2,hue ,selc,thrs,nvrt,post,mixr,grdm,phfl,expA,vibA,blwh,clrL'.split(
  ',',
);
const ARTBOARDS = ['artb', 'artd', 'abdd'];
/** What fill layers are filled with, by their blocks. */
const FILLS = { SoCo: 'a fill in a color of another mode', GdFl: 'a gradient fill', PtFl: 'a pattern fill' } as const;
const EFFECTS = ['lfx2', 'lfxs', 'lmfx'];
const VECTOR_MASKS = ['vmsk', 'vsms'];

/** Documents whose layers cover more pixels than this would take minutes. */
const MAX_LAYER_PIXELS = 4e9;

/** Colors of the layers that are filled with one, as samples of the document, 0..1. */
export type Fills = ReadonlyMap<LayerRecord, readonly number[]>;

/**
 * Layers can be composed where Hairline knows what each does; a picture with wrong colors is no result.
 * @throws {AppError} UNSUPPORTED_PICTURE that names the layer and what it has
 */
export async function checkComposable(
  source: ByteSource,
  nodes: readonly LayerNode[],
  structure: PsdStructure,
): Promise<Fills> {
  const fills = new Map<LayerRecord, readonly number[]>();
  let pixels = 0;
  for (const node of visibleNodes(nodes)) {
    const { record } = node;
    const { top, left, bottom, right } = record.bounds;
    pixels += (bottom - top) * (right - left);
    if (pixels > MAX_LAYER_PIXELS) throw refuse('Its layers are too many and too large to compose.');
    const color = await readFillColor(source, record, structure);
    if (color && isEmpty(record)) fills.set(record, color);
    const obstacle = findObstacle(node, structure, fills) ?? (await findEffects(source, record));
    if (obstacle) throw refuse(`Layer "${record.name}" has ${obstacle}, which only Photoshop composes.`);
  }
  return fills;
}

function refuse(reason: string): AppError {
  return new AppError('UNSUPPORTED_PICTURE', `This document has no compatible image. ${reason}`);
}

export function* visibleNodes(nodes: readonly LayerNode[]): Generator<LayerNode> {
  for (const node of nodes) {
    if (node.record.isHidden) continue;
    yield node;
    yield* visibleNodes(node.children ?? []);
  }
}

function findObstacle({ record, children }: LayerNode, { depth, mode }: PsdStructure, fills: Fills): string | null {
  const { blocks, blend, mask } = record;
  const key = (record.section && record.sectionBlend) || blend;
  if (key === 'pass') {
    if (record.opacity < 1 || mask) {
      if (children?.some((child) => child.record.blend !== 'norm')) return 'blend modes that reach through it';
    }
  } else if (BLEND_MODES[key] === undefined) return 'an unusual blend mode';
  else if (BLEND_MODES[key] && (depth === 32 || mode === MODE.lab)) return 'a blend mode in 32 bits or Lab';
  if (record.hasRanges) return 'a Blend If setting';
  if (ADJUSTMENTS.some((name) => blocks.has(name))) return 'an adjustment';
  if (ARTBOARDS.some((name) => blocks.has(name))) return 'an artboard';
  // Of shapes the pixels are those inside; of other layers the mask that shows the vector mask is there, unless it is made weaker.
  const fill = Object.entries(FILLS).find(([name]) => blocks.has(name));
  const isShape = fill !== undefined && !isEmpty(record);
  const isDrawn = mask?.isRendered ? mask.parameters.length === 0 : isShape;
  if (VECTOR_MASKS.some((name) => blocks.has(name)) && !isDrawn)
    return fill ? 'a shape without pixels' : 'a vector mask';
  if (fill && !isShape && !fills.has(record)) return fill[1];
  if (mask && mask.feather > 0 && !mask.isDisabled) return 'a feathered mask';
  return null;
}

function isEmpty({ bounds }: LayerRecord): boolean {
  return bounds.bottom === bounds.top || bounds.right === bounds.left;
}

const MAX_EFFECTS = 1 << 20;

/** Of effects the descriptor has a switch for all, and one for each. */
async function findEffects(source: ByteSource, { blocks }: LayerRecord): Promise<string | null> {
  const knockout = blocks.get('knko');
  if (knockout && knockout.end > knockout.start && (await source.read(knockout.start, 1))[0] !== 0) return 'a knockout';
  for (const name of EFFECTS) {
    const block = blocks.get(name);
    if (!block) continue;
    const text = (await source.read(block.start, Math.min(MAX_EFFECTS, block.end - block.start))).toString('latin1');
    if (!text.includes('masterFXSwitchbool\x00') && text.includes('enabbool\x01')) return 'layer effects';
  }
  return null;
}
