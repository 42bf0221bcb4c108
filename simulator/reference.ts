import type { HostDocument } from './document.ts';
import { CommandError, HostError } from './errors.ts';
import type { HostLayer } from './layer.ts';
import type { HostState } from './state.ts';

/** One element of an action reference, as plugins write it. */
export interface Reference {
  _ref?: string;
  _id?: number;
  _index?: number;
  _name?: string;
  _enum?: string;
  _value?: string;
  _property?: string;
}

/** What a `_target` points at, most specific element first. */
export interface Target {
  readonly property: string | undefined;
  readonly channel: Reference | undefined;
  readonly layer: Reference | undefined;
  readonly document: Reference | undefined;
  readonly application: boolean;
}

const KNOWN = ['layer', 'textLayer', 'document', 'channel', 'application', 'property'];

export function parseTarget(target: unknown): Target {
  const inner = (target as { _ref?: unknown } | undefined)?._ref;
  if (Array.isArray(inner)) return parseTarget(inner);
  const list = Array.isArray(target) ? (target as Reference[]) : target ? [target as Reference] : [];
  const of = (name: string) => list.find((part) => part._ref === name);
  // `_property` beside another `_ref` chooses the object: the Background, the selection.
  const asks = (part: Reference) => part._property !== undefined && (!part._ref || part._ref === 'property');
  const property = list.find(asks)?._property;
  for (const part of list) {
    if (part._ref && !KNOWN.includes(part._ref)) {
      throw new CommandError(`The object "${part._ref}" is not simulated.`);
    }
  }
  return {
    property,
    channel: of('channel'),
    layer: of('layer') ?? of('textLayer'),
    document: of('document'),
    application: !!of('application'),
  };
}

export function documentOf(host: HostState, target: Target): HostDocument {
  const id = target.document?._id;
  const doc = id === undefined ? host.activeDocument : host.documents.find((other) => other.id === id);
  if (!doc) throw new CommandError('The object "document" is not currently available.', -25922);
  return doc;
}

/** The layer a reference names; without one the active layer, which must be a single one. */
export function layerOf(doc: HostDocument, reference: Reference | undefined): HostLayer {
  const layer = findLayer(doc, reference);
  if (!layer) throw new CommandError('The object "layer" is not currently available.', -25922);
  return layer;
}

function findLayer(doc: HostDocument, reference: Reference | undefined): HostLayer | undefined {
  if (!reference || reference._enum === 'ordinal')
    return doc.activeLayers.length === 1 ? doc.activeLayers[0] : undefined;
  if (reference._id !== undefined) return doc.layerById(reference._id);
  if (reference._name !== undefined) return doc.allLayers.find((layer) => layer.name === reference._name);
  if (reference._property === 'background') return doc.backgroundLayer ?? undefined;
  throw new HostError('Only _id, _name and ordinal references to layers are simulated.');
}

/** validateReference: does the object exist? */
export function exists(host: HostState, reference: unknown): boolean {
  try {
    const target = parseTarget(reference);
    const doc = documentOf(host, target);
    if (target.layer) layerOf(doc, target.layer);
    return true;
  } catch {
    return false;
  }
}
