import type { HostDocument } from './document.ts';
import { intersect, isEmpty, type Rect } from './geometry.ts';
import type { HostLayer } from './layer.ts';
import { applyMask } from './layer-mask.ts';
import { expand, type Raster, rasterRect, whiteOf, withAlpha } from './pixels.ts';

/** What is drawn of one layer: its pixels with the user mask applied. Null where there is nothing. */
export function renderLayer(layer: HostLayer): Raster | null {
  if (!layer.pixels) return null;
  return layer.mask?.enabled && !layer.isBackground ? applyMask(layer.pixels, layer.mask) : layer.pixels;
}

/** All visible layers over `rect`, as RGBA. Every blend mode counts as normal, adjustments as nothing. */
export function flatten(doc: HostDocument, layers: readonly HostLayer[], rect: Rect): Raster {
  const only = layers.length === 1 ? layers[0] : undefined;
  if (only?.pixels && only.isBackground && only.visible && sameRect(rasterRect(only.pixels), rect)) return only.pixels;
  const out = expand(null, rect, doc.depth, 4, 0);
  for (let i = layers.length - 1; i >= 0; i--) {
    const riders: HostLayer[] = [];
    const base = layers[i]!;
    while (i > 0 && layers[i - 1]!.clipped) riders.push(layers[--i]!);
    drawLayer(doc, out, base, riders, rect);
  }
  return out;
}

const sameRect = (a: Rect, b: Rect) =>
  a.left === b.left && a.top === b.top && a.right === b.right && a.bottom === b.bottom;

function drawLayer(doc: HostDocument, out: Raster, layer: HostLayer, riders: HostLayer[], rect: Rect): void {
  if (!layer.visible || layer.opacity === 0) return;
  const base = contentOf(doc, layer, rect);
  if (base) draw(out, riders.length === 0 ? base : withRiders(doc, base, riders, rect), layer.opacity / 100);
}

function contentOf(doc: HostDocument, layer: HostLayer, rect: Rect): Raster | null {
  if (layer.kind === 'group') {
    const group = flatten(doc, layer.children, rect);
    return withAlpha(layer.mask?.enabled ? applyMask(group, layer.mask) : group);
  }
  const rendered = renderLayer(layer);
  return rendered ? withAlpha(rendered) : null;
}

/** Clipped layers color the one they are clipped to, and leave its opacity as it is. */
function withRiders(doc: HostDocument, base: Raster, riders: HostLayer[], rect: Rect): Raster {
  const out: Raster = { ...base, data: base.data.slice() };
  for (const rider of riders) {
    const content = rider.visible ? contentOf(doc, rider, rect) : null;
    if (content) draw(out, content, rider.opacity / 100, true);
  }
  return out;
}

/** Normal blending with straight alpha on both sides. `keepsAlpha`: only where there is something already. */
function draw(out: Raster, source: Raster, opacity: number, keepsAlpha = false): void {
  const both = intersect(rasterRect(out), rasterRect(source));
  if (isEmpty(both)) return;
  const { data } = out;
  const white = data instanceof Float32Array ? 1 : whiteOf(data instanceof Uint8Array ? 8 : 16);
  const round = data instanceof Float32Array ? (v: number) => v : Math.round;
  for (let y = both.top; y < both.bottom; y++) {
    let d = ((y - out.top) * out.width + both.left - out.left) * 4;
    let s = ((y - source.top) * source.width + both.left - source.left) * 4;
    for (let x = both.left; x < both.right; x++, d += 4, s += 4) {
      const top = (source.data[s + 3]! / white) * opacity;
      if (top === 0) continue;
      const below = (keepsAlpha ? 1 : data[d + 3]! / white) * (1 - top);
      const alpha = top + below;
      for (let c = 0; c < 3; c++) data[d + c] = round((source.data[s + c]! * top + data[d + c]! * below) / alpha);
      if (!keepsAlpha) data[d + 3] = round(alpha * white);
    }
  }
}
