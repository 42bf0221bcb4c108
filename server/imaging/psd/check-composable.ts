import { AppError } from '../../errors.ts';
import { BLEND_MODES } from './blend.ts';
import type { LayerRecord } from './layer-record.ts';
import type { LayerNode } from './layer-tree.ts';
import type { ByteSource } from './source.ts';
import { MODE, type PsdStructure } from './structure.ts';

const ADJUSTMENTS = new Set(
  'levl curv brit blnc hue2 hue  selc thrs nvrt post mixr grdm phfl expA vibA blwh clrL CgEd'
    .match(/.{4}/g)!
    .map((k) => k),
);
const FILLS = ['SoCo', 'GdFl', 'PtFl'];
const EFFECTS = ['lfx2', 'lfxs', 'lmfx'];
const VECTOR_MASKS = ['vmsk', 'vsms'];

/** Documents whose layers cover more pixels than this would take minutes. */
const MAX_LAYER_PIXELS = 4e9;

/**
 * Layers can be composed where Hairline knows what each does; a picture with wrong colors is no result.
 * @throws {AppError} UNSUPPORTED_PICTURE that names the layer and what it has
 */
export async function checkComposable(source: ByteSource, nodes: readonly LayerNode[], structure: PsdStructure) {
  let pixels = 0;
  for (const node of visibleNodes(nodes)) {
    const { record } = node;
    const { top, left, bottom, right } = record.bounds;
    pixels += (bottom - top) * (right - left);
    if (pixels > MAX_LAYER_PIXELS) throw refuse('Its layers are too many and too large to compose.');
    const obstacle = findObstacle(node, structure) ?? (await findEffects(source, record));
    if (obstacle) throw refuse(`Layer "${record.name}" has ${obstacle}, which only Photoshop composes.`);
  }
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

function findObstacle({ record, children }: LayerNode, { depth, mode }: PsdStructure): string | null {
  const { blocks, blend, mask } = record;
  const key = (record.section && record.sectionBlend) || blend;
  if (key === 'pass') {
    if (record.opacity < 1 || mask) {
      if (children?.some((child) => child.record.blend !== 'norm')) return 'blend modes that reach through it';
    }
  } else if (BLEND_MODES[key] === undefined) return 'an unusual blend mode';
  else if (BLEND_MODES[key] && (depth === 32 || mode === MODE.lab)) return 'a blend mode in 32 bits or Lab';
  if (record.hasRanges) return 'a Blend If setting';
  for (const name of blocks.keys()) if (ADJUSTMENTS.has(name)) return 'an adjustment';
  if (FILLS.some((name) => blocks.has(name)) && isEmpty(record)) return 'a fill without pixels';
  // Of shapes the pixels are those inside; of other layers the mask that shows the vector mask is there, unless it is made weaker.
  const isShape = FILLS.some((name) => blocks.has(name)) && !isEmpty(record);
  const isDrawn = mask?.isRendered ? mask.parameters.length === 0 : isShape;
  if (VECTOR_MASKS.some((name) => blocks.has(name)) && !isDrawn) return 'a vector mask';
  if (mask && mask.feather > 0 && !mask.isDisabled) return 'a feathered mask';
  return null;
}

function isEmpty({ bounds }: LayerRecord): boolean {
  return bounds.bottom === bounds.top || bounds.right === bounds.left;
}

const MAX_EFFECTS = 1 << 20;

/** The descriptor has a switch for all effects, and one for each. */
async function findEffects(source: ByteSource, { blocks }: LayerRecord): Promise<string | null> {
  for (const name of EFFECTS) {
    const block = blocks.get(name);
    if (!block) continue;
    const text = (await source.read(block.start, Math.min(MAX_EFFECTS, block.end - block.start))).toString('latin1');
    if (!text.includes('masterFXSwitchbool\x00') && text.includes('enabbool\x01')) return 'layer effects';
  }
  return null;
}
