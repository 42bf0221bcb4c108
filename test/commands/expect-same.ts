import { expect } from 'vitest';
import type { HostDocument, HostLayer } from '../../simulator/index.ts';
import { at, type Expected, type ExpectedLayer, lookOf, valuesOf } from './expected.ts';

const TOLERANCE = 2.01 / 255;

/** The document is, to the last pixel, what was predicted. */
export function expectSame(doc: HostDocument, expected: Expected, about: string): void {
  expectLayers(doc, doc.layers, expected.layers, about);
  expect(
    doc.channels.map(({ name }) => name),
    about,
  ).toEqual(expected.channels.map(({ name }) => name));
  for (const [index, { name, mask }] of doc.channels.entries()) {
    expectClose(valuesOf(doc, mask), expected.channels[index]!.values, `channel ${name} ${about}`);
  }
  expect(doc.selection !== null, `selection ${about}`).toBe(expected.selection !== null);
  if (doc.selection) expectClose(valuesOf(doc, doc.selection), expected.selection!, `selection ${about}`);
}

function expectLayers(doc: HostDocument, layers: HostLayer[], expected: ExpectedLayer[], about: string): void {
  const plain = ({ name, kind, visible, opacity, blendMode, isBackground, clipped }: HostLayer | ExpectedLayer) => ({
    ...{ name, kind, visible, opacity, blendMode, isBackground, clipped },
  });
  expect(layers.map(plain), about).toEqual(expected.map(plain));
  for (const [index, layer] of layers.entries()) {
    const { mask, look, pixels, children } = expected[index]!;
    const what = `"${layer.name}" ${about}`;
    expect(layer.mask !== null, `mask of ${what}`).toBe(mask !== null);
    expect(lookOf(layer), `look of ${what}`).toEqual(look);
    if (layer.mask) expectClose(valuesOf(doc, layer.mask), mask!, `mask of ${what}`);
    if (pixels) expectPixels(doc, layer, pixels, what);
    expectLayers(doc, layer.children, children, about);
  }
}

function expectPixels(doc: HostDocument, layer: HostLayer, expected: Float64Array, what: string): void {
  const found = new Float64Array(expected.length);
  for (let y = 0, index = 0; y < doc.height; y++) {
    for (let x = 0; x < doc.width; x++, index += 4) {
      if (at(layer.pixels!, x, y, 3) * 255 < 0.5) continue;
      for (let channel = 0; channel < 4; channel++) found[index + channel] = at(layer.pixels!, x, y, channel);
    }
  }
  expectClose(found, expected, `pixels of ${what}`);
}

function expectClose(found: Float64Array, expected: Float64Array, what: string): void {
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(found[index]! - expected[index]!);
    if (difference > TOLERANCE) {
      throw new Error(`${what}: ${found[index]} instead of ${expected[index]} at ${index} of ${expected.length}`);
    }
  }
}
