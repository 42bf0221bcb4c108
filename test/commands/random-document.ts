import {
  type Depth,
  type Faults,
  type HostDocument,
  type HostLayer,
  type LayerKind,
  type LayerMask,
  type Mode,
  type PixelData,
  type SimulatedPhotoshop,
  whiteOf,
} from '../../simulator/index.ts';

/** Numbers from a seed, so that a failure can be had again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0..1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** From `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]!;
  }
}

/** Far from where `PictureClient` changes its mind, so that rounding does not. */
const REDS = [0, 0.02, 0.1, 0.4, 0.6, 0.9, 1];

export function createRandomDocument(random: Random, photoshop: SimulatedPhotoshop): HostDocument {
  const depth = random.pick<Depth>([8, 8, 8, 16, 16, 16, 32]);
  const mode = random.chance(0.85) ? 'RGB' : random.pick<Mode>(['CMYK', 'Grayscale', 'Lab', 'Indexed', 'Bitmap']);
  const [width, height] = [random.whole(8, 60), random.whole(6, 40)];
  const name = random.pick(['portrait.psd', 'séance 雨.psd']);
  const resolution = random.pick([72, 300]);
  const doc = photoshop.createDocument({ name, width, height, depth, mode, resolution });
  if (random.chance(0.6)) {
    const data = createPixels(random, depth, width, height, 3);
    doc.addLayer({ name: 'Background', data, channels: 3, isBackground: true });
  }
  const wanted = random.whole(doc.layers.length === 0 ? 1 : 0, 4);
  for (let index = 0; index < wanted; index++) addLayer(random, doc, null);
  const layers = doc.allLayers;
  doc.activeLayers = chooseActive(random, layers);
  if (random.chance(0.35)) doc.selection = createSelection(random, doc);
  for (let index = random.whole(-2, 2); index > 0; index--) {
    doc.channels.push({ name: random.pick(['Hairline', 'Model mask', 'Alpha 1']), mask: createMask(random, doc) });
  }
  if (random.chance(0.01)) doc.quickMask = true;
  // All of it can be undone to.
  doc.history.record('Prepared');
  return doc;
}

function chooseActive(random: Random, layers: readonly HostLayer[]): HostLayer[] {
  if (random.chance(0.04)) return [];
  const first = random.pick(layers);
  if (layers.length === 1 || random.chance(0.7)) return [first];
  const chosen = new Set([first, random.pick(layers), random.pick(layers)]);
  return layers.filter((layer) => chosen.has(layer));
}

const KINDS: readonly LayerKind[] = [
  ...['pixel', 'pixel', 'pixel', 'pixel', 'smartObject', 'text', 'video'],
  ...['group', 'group', 'group', 'pixel', 'pixel', 'curves', 'solidColor'],
] as LayerKind[];

function addLayer(random: Random, doc: HostDocument, parent: HostLayer | null): void {
  const kind = parent ? random.pick(KINDS.slice(0, 7)) : random.pick(KINDS);
  const siblings = parent ? parent.children : doc.layers;
  const common = {
    name: random.pick(['Model', 'Model', 'Ebene 1', '人物']),
    kind,
    parent,
    visible: random.chance(0.85),
    locked: random.chance(0.04),
    clipped: siblings.length > 0 && random.chance(0.2),
    artboard: kind === 'group' && random.chance(0.1),
  };
  const masked = random.chance(0.35) && kind !== 'curves' ? { mask: createMask(random, doc) } : {};
  if (kind === 'group') {
    const group = doc.addLayer({ ...common, ...masked });
    for (let count = random.pick([0, 1, 1, 2, 2, 3]); count > 0; count--) addLayer(random, doc, group);
    return;
  }
  const empty = kind === 'curves' || kind === 'solidColor' || random.chance(0.03);
  const whole = random.chance(0.3);
  const width = whole ? doc.width : random.whole(1, doc.width + 10);
  const height = whole ? doc.height : random.whole(1, doc.height + 10);
  const left = whole ? 0 : random.whole(-10, doc.width - 1);
  const top = whole ? 0 : random.whole(-10, doc.height - 1);
  const pixels = { left, top, width, height, data: createPixels(random, doc.depth, width, height, 4) };
  const layer = doc.addLayer({ ...common, ...masked, ...(empty ? {} : { ...pixels, channels: 4 }) });
  layer.opacity = random.pick([100, 100, 60]);
  layer.blendMode = random.pick(['normal', 'normal', 'multiply']);
  if (random.chance(0.1)) layer.locks.pixels = true;
}

function createPixels(random: Random, depth: Depth, width: number, height: number, channels: 3 | 4): PixelData {
  const white = whiteOf(depth);
  const data = allocate(depth, width * height * channels);
  const store = (value: number) => (depth === 32 ? toLinear(value) : Math.round(value * white));
  const [margin, dull] = [random.pick([0, 0, 2]), random.chance(0.05)];
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[index++] = store(dull ? 0 : random.pick(REDS));
      data[index++] = store(x / width);
      data[index++] = store(0.2);
      if (channels === 3) continue;
      const inside = x >= margin && y >= margin && x < width - margin && y < height - margin;
      data[index++] = inside ? (random.chance(0.9) ? white : white / 2) : 0;
    }
  }
  return data;
}

export function createMask(random: Random, doc: HostDocument): LayerMask {
  const whole = random.chance(0.7);
  const [left, top] = whole ? [0, 0] : [random.whole(-4, 4), random.whole(-4, 4)];
  const [width, height] = whole ? [doc.width, doc.height] : [random.whole(1, doc.width), random.whole(1, doc.height)];
  const data = allocate(doc.depth, width * height);
  const flat = random.chance(0.2) ? random.pick([0, 1]) : null;
  for (let index = 0; index < data.length; index++) data[index] = (flat ?? random.pick([0, 0.3, 1])) * doc.white;
  const outside = random.pick([0, doc.white]);
  const enabled = random.chance(0.8);
  const [density, feather] = [random.pick([100, 100, 50]), random.pick([0, 0, 3])];
  return { left, top, width, height, data, outside, enabled, linked: true, density, feather };
}

function createSelection(random: Random, doc: HostDocument): LayerMask {
  const [x, y] = [random.whole(0, doc.width - 1), random.whole(0, doc.height - 1)];
  const [right, bottom] = [random.whole(x + 1, doc.width), random.whole(y + 1, doc.height)];
  const data = allocate(doc.depth, doc.width * doc.height);
  for (let row = y; row < bottom; row++) {
    for (let column = x; column < right; column++) {
      data[row * doc.width + column] = Math.round(random.pick([0.5, 1, 1]) * doc.white * 1e6) / 1e6;
    }
  }
  const rect = { left: 0, top: 0, width: doc.width, height: doc.height };
  return { ...rect, data, outside: 0, enabled: true, linked: true, density: 100, feather: 0 };
}

export function createRandomFaults(random: Random): Partial<Faults> {
  const flip = () => random.chance(0.15);
  return {
    maskOutside: random.pick([0, 255]),
    maskZeroBlockTurnsWhite: flip(),
    reject16BitMask: flip(),
    maskReadsTrimmed: flip(),
    boundsIgnoreMask: flip(),
    pixelLockRefusesMask: flip(),
    refusesPixelConversion: false,
    backgroundConversionChangesId: flip(),
    batchPlayThrows: flip(),
    missingMaskErrors: !flip(),
    missingSelectionErrors: !flip(),
    groupPixels: flip(),
    replacedMaskKeepsLook: random.chance(0.5),
    groupMaskErrors: flip(),
    grayHasNoAlpha: flip(),
    maskInPixels: random.pick(['enabled', 'enabled', 'always', 'never']),
    boundsNoMaskMissing: flip(),
    selectionEightBit: flip(),
    reject16BitSelection: flip(),
    insertedJoinsClipping: random.chance(0.5),
    cancelledScopeResolves: flip(),
    documentUnreadable: random.pick([null, null, null, -1, -32005]),
    smartObjectsUnreadable: flip(),
    copiesLandOff: random.pick([0, 0, 4]),
    getsOutsideModalAlert: true,
    commandNameRequired: true,
    commandsDieWithScope: true,
    inactiveSelection: random.pick(['own', 'active', 'throws'] as const),
  };
}

function allocate(depth: Depth, length: number): PixelData {
  if (depth === 8) return new Uint8Array(length);
  return depth === 16 ? new Uint16Array(length) : new Float32Array(length);
}

const toLinear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
