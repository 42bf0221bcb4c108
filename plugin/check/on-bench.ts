import type { Bench, BenchDocument, Table } from '../host/check-bench.ts';
import type { Finding, Probe } from './probe.ts';

/** What probes paint with, and on. */
export const RED = [1, 0, 0, 1];
export const WHOLE = { left: 0, top: 0, width: 64, height: 48 };
export const PATCH = { left: 20, top: 10, width: 8, height: 8 };
export const ACTIVE = { _ref: 'layer', _enum: 'ordinal', _value: 'targetEnum' };

/** Makes probes of questions that are asked on a document of the check's own. */
export function onBench(bench: Bench) {
  return (id: Probe['id'], ask: (table: Table) => Promise<Finding>, wish: BenchDocument = {}): Probe => ({
    id,
    run: (cancel) => bench.withDocument(wish, cancel, ask),
  });
}

/** Commands that make a layer above the active one, or a group around it. */
export function make(what: string, more: object) {
  return { _obj: 'make', _target: [{ _ref: what }], ...more };
}

export const makeGroup = make('layerSection', { from: ACTIVE });
export const makeAdjustment = make('adjustmentLayer', {
  using: { _obj: 'adjustmentLayer', type: { _class: 'invert' } },
});

export function makeFill(more: object = {}) {
  const color = { _obj: 'RGBColor', red: 255, grain: 0, blue: 0 };
  return make('contentLayer', { using: { _obj: 'contentLayer', type: { _obj: 'solidColorLayer', color }, ...more } });
}
