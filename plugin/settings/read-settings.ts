import { EDGE_RANGES, type EdgeControls, NEUTRAL_EDGE } from '../../protocol/edge.ts';
import { REFINEMENTS, SUBJECTS } from '../../protocol/matte.ts';
import { DEFAULT_SETTINGS, DELIVERIES, MASK_POLICIES, type Settings, SOURCES } from './settings.ts';

/**
 * Parses stored settings: from this version, an older or a newer one, or edited by hand. Unknown values count as not
 * chosen; numbers are clamped to their range.
 */
export function readSettings(kept: unknown): Settings {
  const from = recordOf(kept);
  return {
    subject: oneOf(SUBJECTS, from.subject, DEFAULT_SETTINGS.subject),
    refine: oneOf(REFINEMENTS, from.refine, DEFAULT_SETTINGS.refine),
    source: oneOf(SOURCES, from.source, DEFAULT_SETTINGS.source),
    delivery: oneOf(DELIVERIES, from.delivery, DEFAULT_SETTINGS.delivery),
    existingMask: oneOf(MASK_POLICIES, from.existingMask, DEFAULT_SETTINGS.existingMask),
    edge: readEdge(from.edge),
  };
}

function readEdge(kept: unknown): EdgeControls {
  const from = recordOf(kept);
  const read = (name: keyof EdgeControls): number => {
    const value = from[name];
    const [least, most] = EDGE_RANGES[name];
    return typeof value === 'number' && !Number.isNaN(value)
      ? Math.min(most, Math.max(least, value))
      : NEUTRAL_EDGE[name];
  };
  return {
    shift: read('shift'),
    feather: read('feather'),
    contrast: read('contrast'),
    hair: read('hair'),
    removeSpecks: Math.round(read('removeSpecks')),
    fillHoles: Math.round(read('fillHoles')),
    decontaminate: read('decontaminate'),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function oneOf<T extends string>(choices: readonly T[], value: unknown, otherwise: T): T {
  return choices.find((choice) => choice === value) ?? otherwise;
}
