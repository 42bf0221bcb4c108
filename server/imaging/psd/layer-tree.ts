import { damaged } from '../damage.ts';
import type { LayerRecord } from './layer-record.ts';

/** A layer, or a group with what is in it, the lowest first. */
export interface LayerNode {
  record: LayerRecord;
  children: LayerNode[] | null;
  parent: LayerNode | null;
}

/** Types of a section divider (specification, `lsct`). */
const OPEN = 1;
const CLOSED = 2;
const BOTTOM = 3;

/** Groups inside groups; Photoshop allows ten. */
const MAX_NESTING = 100;

/** Records come from bottom to top: the mark of a group's lower end, its layers, then the group itself. */
export function buildTree(records: readonly LayerRecord[]): LayerNode[] {
  let level: LayerNode[] = [];
  const outer: LayerNode[][] = [];
  for (const record of records) {
    if (record.section === BOTTOM) {
      if (outer.length === MAX_NESTING) throw damaged('its groups are nested too deeply');
      outer.push(level);
      level = [];
      continue;
    }
    const node: LayerNode = { record, children: null, parent: null };
    if (record.section === OPEN || record.section === CLOSED) {
      node.children = level;
      for (const child of level) child.parent = node;
      level = outer.pop() ?? fail();
    }
    level.push(node);
  }
  if (outer.length > 0) fail();
  return level;
}

function fail(): never {
  throw damaged('a group in it has no end');
}
