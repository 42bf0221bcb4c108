import { BLEND_MODES, blend, type Sheet } from './blend.ts';
import { checkComposable, type Fills } from './check-composable.ts';
import type { Bounds, ChannelPlace, LayerRecord } from './layer-record.ts';
import { buildTree, type LayerNode } from './layer-tree.ts';
import { openRows, type RowReader } from './rows.ts';
import { fullOf, newPixels, type Pixels, toSamples } from './samples.ts';
import type { ByteSource } from './source.ts';
import type { PsdStructure } from './structure.ts';

/** Some lines of the canvas, interleaved and straight: colors as in the file, then opacity if there is one. */
export interface FlatStrip {
  top: number;
  lines: number;
  samples: Pixels;
}

const STRIP_PIXELS = 1 << 18;

export function linesOfStrip(width: number): number {
  return Math.max(1, Math.floor(STRIP_PIXELS / width));
}

const TRANSPARENCY = -1;
const USER_MASK = -2;

/** The visible layers laid over each other, and whether anything can shine through. */
export interface Composition {
  hasAlpha: boolean;
  strips: AsyncGenerator<FlatStrip>;
}

/**
 * Composes the visible layers as Photoshop does, in the document's own color mode: opacity, Layer Masks, groups, clipped layers and
 * the common blend modes. A few lines of each layer are in memory at a time.
 * @throws {AppError} UNSUPPORTED_PICTURE, TRUNCATED_IMAGE
 */
export async function composeLayers(source: ByteSource, structure: PsdStructure): Promise<Composition> {
  const nodes = buildTree(structure.layers?.records ?? []);
  const fills = await checkComposable(source, nodes, structure);
  const hasAlpha = !nodes.some((node) => coversAll(node, structure, fills.has(node.record)));
  return { hasAlpha, strips: paint(source, structure, nodes, fills, hasAlpha) };
}

function coversAll({ record, children }: LayerNode, { width, height, colors }: PsdStructure, isFill: boolean): boolean {
  const { top, left, bottom, right } = record.bounds;
  const isOpaque = !record.channels.some(({ id }) => id === TRANSPARENCY) && record.channels.length >= colors;
  const isPlain = !record.isHidden && !record.isClipped && record.opacity === 1 && !record.mask && !children;
  const isWhole = isOpaque && top <= 0 && left <= 0 && bottom >= height && right >= width;
  return isPlain && record.blend === 'norm' && (isFill || isWhole);
}

async function* paint(
  source: ByteSource,
  structure: PsdStructure,
  nodes: readonly LayerNode[],
  fills: Fills,
  hasAlpha: boolean,
): AsyncGenerator<FlatStrip> {
  const { width, height, depth, colors } = structure;
  const painter = new Painter(source, structure, fills);
  const full = fullOf(depth);
  const most = linesOfStrip(width);
  try {
    for (let top = 0; top < height; top += most) {
      const lines = Math.min(most, height - top);
      const sheet: Sheet = new Float32Array(lines * width * (colors + 1));
      await painter.paintLevel(nodes, sheet, top, lines);
      yield {
        top,
        lines,
        samples: toStraight(
          sheet,
          colors,
          hasAlpha,
          newPixels(depth, lines * width * (colors + (hasAlpha ? 1 : 0))),
          full,
        ),
      };
    }
  } finally {
    painter.close();
  }
}

function toStraight(sheet: Sheet, colors: number, hasAlpha: boolean, out: Pixels, full: number): Pixels {
  const half = full === 1 ? 0 : 0.5;
  const top = full === 1 ? Number.POSITIVE_INFINITY : full;
  for (let s = 0, o = 0; s < sheet.length; s += colors + 1) {
    const alpha = sheet[s + colors]!;
    for (let c = 0; c < colors; c++) out[o++] = alpha > 0 ? Math.min(top, (sheet[s + c]! / alpha) * full + half) : 0;
    if (hasAlpha) out[o++] = Math.min(full, alpha * full + half);
  }
  return out;
}

class Painter {
  readonly #source: ByteSource;
  readonly #structure: PsdStructure;
  readonly #fills: Fills;
  readonly #channels = new Map<ChannelPlace, PlacedChannel>();

  constructor(source: ByteSource, structure: PsdStructure, fills: Fills) {
    this.#source = source;
    this.#structure = structure;
    this.#fills = fills;
  }

  /** Layers and groups of one level, the lowest first; clipped ones with the layer that they are clipped to. */
  async paintLevel(nodes: readonly LayerNode[], target: Sheet, top: number, lines: number): Promise<void> {
    for (let i = 0; i < nodes.length; i++) {
      const base = nodes[i]!;
      const clipped: LayerNode[] = [];
      while (nodes[i + 1]?.record.isClipped) clipped.push(nodes[++i]!);
      if (base.record.isHidden) continue;
      if (isTransparentGroup(base) && clipped.length === 0) {
        await this.paintLevel(base.children!, target, top, lines);
        continue;
      }
      const sheet = await this.#render(base, top, lines);
      if (!sheet) continue;
      for (const node of clipped) {
        if (node.record.isHidden) continue;
        const above = await this.#render(node, top, lines);
        if (above) await this.#lay(sheet, above, node.record, top, lines, true);
      }
      await this.#lay(target, sheet, base.record, top, lines, false);
    }
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
  }

  async #lay(target: Sheet, sheet: Sheet, record: LayerRecord, top: number, lines: number, isClipped: boolean) {
    const mask = await this.#readMask(record, top, lines);
    const key = (record.section && record.sectionBlend) || record.blend;
    const mode = BLEND_MODES[key] ?? null;
    blend(target, sheet, { samples: this.#structure.colors + 1, mode, opacity: record.opacity, mask, isClipped });
  }

  async #render({ record, children }: LayerNode, top: number, lines: number): Promise<Sheet | null> {
    const { width, colors } = this.#structure;
    const { bounds } = record;
    const fill = this.#fills.get(record);
    if (fill) {
      const sheet: Sheet = new Float32Array(lines * width * (colors + 1)).fill(1);
      for (let s = 0; s < sheet.length; s += colors + 1) sheet.set(fill, s);
      return sheet;
    }
    if (!children && (bounds.bottom <= top || bounds.top >= top + lines)) return null;
    const sheet: Sheet = new Float32Array(lines * width * (colors + 1));
    if (children) {
      await this.paintLevel(children, sheet, top, lines);
      return sheet;
    }
    const opacity = record.channels.find(({ id }) => id === TRANSPARENCY);
    const alpha = opacity
      ? await this.#read(opacity, bounds, 0, top, lines)
      : fillInside(new Float32Array(lines * width), bounds, width, top, lines);
    for (let c = 0; c < colors; c++) {
      const channel = record.channels.find(({ id }) => id === c);
      if (!channel) continue;
      const values = await this.#read(channel, bounds, 0, top, lines);
      for (let i = 0, s = c; i < values.length; i++, s += colors + 1) sheet[s] = values[i]! * alpha[i]!;
    }
    for (let i = 0, s = colors; i < alpha.length; i++, s += colors + 1) sheet[s] = alpha[i]!;
    return sheet;
  }

  async #readMask({ mask, channels }: LayerRecord, top: number, lines: number): Promise<Float32Array | null> {
    const channel = channels.find(({ id }) => id === USER_MASK);
    if (!mask || mask.isDisabled || !channel) return null;
    const values = await this.#read(channel, mask.bounds, mask.outside / 255, top, lines);
    if (mask.density < 1) for (let i = 0; i < values.length; i++) values[i] = 1 - (1 - values[i]!) * mask.density;
    return values;
  }

  async #read(channel: ChannelPlace, bounds: Bounds, outside: number, top: number, lines: number) {
    let placed = this.#channels.get(channel);
    if (!placed) {
      placed = new PlacedChannel(this.#source, this.#structure, channel, bounds, outside);
      this.#channels.set(channel, placed);
    }
    return placed.read(top, lines);
  }
}

/** A group that "passes through" what is in it, and does nothing else. */
function isTransparentGroup({ record, children }: LayerNode): boolean {
  const key = record.sectionBlend ?? record.blend;
  return children !== null && key === 'pass' && record.opacity === 1 && !record.mask;
}

function fillInside(
  plane: Float32Array,
  { left, right, top, bottom }: Bounds,
  width: number,
  first: number,
  lines: number,
) {
  for (let y = Math.max(top, first); y < Math.min(bottom, first + lines); y++) {
    const line = (y - first) * width;
    plane.fill(1, line + Math.min(width, Math.max(0, left)), line + Math.min(width, Math.max(0, right)));
  }
  return plane;
}

/** A channel with a place on the canvas, read from top to bottom. */
export class PlacedChannel {
  readonly #source: ByteSource;
  readonly #structure: PsdStructure;
  readonly #channel: ChannelPlace;
  readonly #bounds: Bounds;
  readonly #outside: number;
  #rows: RowReader | null = null;
  /** Line of the canvas that the reader gives next. */
  #next: number;

  constructor(source: ByteSource, structure: PsdStructure, channel: ChannelPlace, bounds: Bounds, outside: number) {
    this.#source = source;
    this.#structure = structure;
    this.#channel = channel;
    this.#bounds = bounds;
    this.#outside = outside;
    this.#next = bounds.top;
  }

  /** 0..1, as wide as the canvas. */
  async read(top: number, lines: number): Promise<Float32Array> {
    const { width, depth } = this.#structure;
    const bounds = this.#bounds;
    const out = new Float32Array(lines * width).fill(this.#outside);
    const first = Math.max(top, bounds.top);
    const last = Math.min(top + lines, bounds.bottom);
    const columns = bounds.right - bounds.left;
    if (first >= last || columns === 0) return out;
    this.#rows ??= await openRows({ ...layerChannel(this.#source, this.#structure, this.#channel, bounds) });
    while (this.#next < first) {
      const skipped = Math.min(first - this.#next, linesOfStrip(columns));
      await this.#rows.next(skipped);
      this.#next += skipped;
    }
    const samples = toSamples(await this.#rows.next(last - first), depth, columns);
    this.#next = last;
    const full = fullOf(depth);
    const [from, to] = [Math.max(0, bounds.left), Math.min(width, bounds.right)];
    for (let y = first; y < last; y++) {
      let s = (y - first) * columns + from - bounds.left;
      for (let x = from, t = (y - top) * width + from; x < to; x++) out[t++] = samples[s++]! / full;
    }
    return out;
  }

  close(): void {
    this.#rows?.close();
  }
}

/** Pixels of a layer's channel, or of its mask. */
export function layerChannel(
  source: ByteSource,
  { depth, isLarge }: PsdStructure,
  { data }: ChannelPlace,
  bounds: Bounds,
) {
  const [width, height] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
  return { source, span: data, width, height, depth, isLarge, count: 1 };
}
