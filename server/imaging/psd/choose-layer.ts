import type { LayerInfo } from './layer-info.ts';
import type { LayerRecord } from './layer-record.ts';
import { buildTree, type LayerNode } from './layer-tree.ts';

/** A document or a layer that cannot get a mask here; `hint` says what to do about it. */
export class CannotMask extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const NOT_PIXELS = ['TySh', 'SoLd', 'SoLE', 'PlLd', 'SoCo', 'GdFl', 'PtFl'];
const REAL_MASK = -3;
const LISTED = 20;

/**
 * @param wanted name of the layer; else the lowest visible pixel layer, or smart object or text where there is none
 * @throws {CannotMask}
 */
export function chooseLayer({ records }: LayerInfo, wanted: string | undefined): LayerRecord {
  const all = [...walk(buildTree(records), true)];
  const record = wanted === undefined ? findLowest(all) : findNamed(all, wanted);
  // What the vector mask shows alone is not stored then.
  if (record.channels.some(({ id }) => id === REAL_MASK)) {
    throw new CannotMask(
      `Layer "${record.name}" has both a Layer Mask and a vector mask.`,
      'Delete the Layer Mask in Photoshop (Layer > Layer Mask > Delete), or rasterize the vector mask.',
    );
  }
  return record;
}

interface Placed {
  node: LayerNode;
  isVisible: boolean;
}

function* walk(nodes: readonly LayerNode[], isVisible: boolean): Generator<Placed> {
  for (const node of nodes) {
    const shown = isVisible && !node.record.isHidden;
    yield { node, isVisible: shown };
    yield* walk(node.children ?? [], shown);
  }
}

function hasPixels({ record, children }: LayerNode): boolean {
  const { top, left, bottom, right } = record.bounds;
  return !children && bottom > top && right > left && record.channels.some(({ id }) => id === 0);
}

function findLowest(all: readonly Placed[]): LayerRecord {
  const visible = all.filter(({ node, isVisible }) => isVisible && hasPixels(node)).map(({ node }) => node.record);
  const plain = visible.find(({ blocks }) => !NOT_PIXELS.some((key) => blocks.has(key)));
  const record = plain ?? visible[0];
  if (!record)
    throw new CannotMask(
      'It has no visible layer with pixels.',
      'Choose a layer with --layer, or show one in Photoshop.',
    );
  return record;
}

function findNamed(all: readonly Placed[], wanted: string): LayerRecord {
  const found = all.map(({ node }) => node).filter(({ record }) => record.name === wanted);
  const named = found.filter(hasPixels);
  if (named.length === 1) return named[0]!.record;
  if (named.length > 1) {
    throw new CannotMask(
      `It has ${named.length} layers named "${wanted}".`,
      'Give the layer a name of its own in Photoshop.',
    );
  }
  const names = all.filter(({ node }) => hasPixels(node)).map(({ node }) => `"${node.record.name}"`);
  const list = names.slice(0, LISTED).join(', ') + (names.length > LISTED ? ', …' : '');
  const reason = found.length > 0 ? `Layer "${wanted}" has no pixels.` : `It has no layer named "${wanted}".`;
  throw new CannotMask(reason, names.length > 0 ? `Its layers are ${list}.` : 'It has no layers with pixels.');
}
