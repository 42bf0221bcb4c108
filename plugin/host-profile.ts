/** Ways to the pixels of a source. `in-place` reads any source, the two copies read layers, the merged one composites. */
export const READ_WAYS = ['in-place', 'layer-copy', 'rasterized-copy', 'merged-copy'] as const;
export type ReadWay = (typeof READ_WAYS)[number];

/** Ways to a mask: handed over with a gray profile, without one, with eight bits only; or made from a selection. */
export const MASK_WAYS = ['put', 'put-plain', 'put-8', 'selection'] as const;
export type MaskWay = (typeof MASK_WAYS)[number];
const DEPTHS = [8, 16, 32] as const;

/** Which masks Photoshop applies to the pixels that it hands out. */
const MASKS_IN_PIXELS = ['unknown', 'enabled', 'always', 'never'] as const;

/** How bytes of an answer are read: response types of XMLHttpRequest, or `fetch`. */
export const BYTE_READERS = ['arraybuffer', 'arrayBuffer', 'fetch'] as const;
export type ByteReader = (typeof BYTE_READERS)[number];

/**
 * The ways to the server: the address first, because a plain http:// host name fails on some Macs; the name second, because
 * some UXP versions refuse addresses; a WebSocket last, where nothing else is let through.
 */
export const ROUTES = ['http://127.0.0.1', 'http://localhost', 'ws://localhost', 'ws://127.0.0.1'] as const;
export type Route = (typeof ROUTES)[number];

/**
 * What "Check this Photoshop" measured of this host, as the ways that the code takes. Orders say what is tried first; no
 * way is ever left out, because a document may need what the check did not.
 */
export interface HostProfile {
  readonly byteReaders: readonly ByteReader[];
  readonly routes: readonly Route[];
  readonly readWays: readonly ReadWay[];
  readonly smartObjectWays: readonly ReadWay[];
  /** Kinds of documents, as in `kindOfDocument`, whose pixels come only as they are: the smallest wish goes first there. */
  readonly unconverted: readonly string[];
  /** With what words Photoshop says that a layer is empty, if not with the usual ones. */
  readonly emptyWords: string;
  readonly maskInPixels: (typeof MASKS_IN_PIXELS)[number];
  /** By the document's bits per channel. */
  readonly maskWays: Readonly<Record<8 | 16 | 32, readonly MaskWay[]>>;
  /** Kinds of layers and modes of documents that take no mask but from a selection. */
  readonly selectionFirst: readonly string[];
  /** Masks are given back as the part that is not flat. */
  readonly masksTrimmed: boolean;
  /** Selections take 16 bits. */
  readonly deepSelections: boolean;
  /** A suspended history can be taken back without a trace. */
  readonly rollsBack: boolean;
}

/**
 * Where nothing was checked: the order that is most likely right, the quickest first. Copies are for documents whose healthy
 * layers cannot be read ("Could not update smart object files"), which trying again does not cure.
 */
export const UNCHECKED: HostProfile = {
  byteReaders: BYTE_READERS,
  routes: ROUTES,
  readWays: READ_WAYS,
  smartObjectWays: READ_WAYS,
  unconverted: [],
  emptyWords: '',
  maskInPixels: 'unknown',
  maskWays: { 8: MASK_WAYS, 16: MASK_WAYS, 32: MASK_WAYS },
  selectionFirst: [],
  masksTrimmed: false,
  deepSelections: true,
  rollsBack: true,
};

/** Of a document, as far as reading pixels goes: `RGBColorMode 16`. */
export function kindOfDocument(mode: string, depth: number): string {
  return `${mode} ${depth}`;
}

/** All ways, those of `first` in front. */
export function inFront<T>(all: readonly T[], first: readonly T[]): T[] {
  const known = first.filter((way) => all.includes(way));
  return [...known, ...all.filter((way) => !known.includes(way))];
}

/** Parses a stored profile; what it lacks, or what is not known here, counts as unchecked. */
export function readProfile(kept: unknown): HostProfile {
  const from = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<keyof HostProfile, unknown>;
  return {
    byteReaders: readOrder(BYTE_READERS, from.byteReaders),
    routes: readOrder(ROUTES, from.routes),
    readWays: readOrder(READ_WAYS, from.readWays),
    smartObjectWays: readOrder(READ_WAYS, from.smartObjectWays),
    unconverted: readNames(from.unconverted),
    emptyWords: typeof from.emptyWords === 'string' ? from.emptyWords : '',
    maskInPixels: MASKS_IN_PIXELS.find((which) => which === from.maskInPixels) ?? 'unknown',
    maskWays: readMaskWays(from.maskWays),
    selectionFirst: readNames(from.selectionFirst),
    masksTrimmed: from.masksTrimmed === true,
    deepSelections: from.deepSelections !== false,
    rollsBack: from.rollsBack !== false,
  };
}

function readMaskWays(kept: unknown): HostProfile['maskWays'] {
  const from = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<number, unknown>;
  const [eight, sixteen, float] = DEPTHS.map((depth) => readOrder(MASK_WAYS, from[depth]));
  return { 8: eight!, 16: sixteen!, 32: float! };
}

function readNames(kept: unknown): string[] {
  return Array.isArray(kept) ? kept.filter((name) => typeof name === 'string') : [];
}

function readOrder<T extends string>(all: readonly T[], kept: unknown): readonly T[] {
  return inFront(all, Array.isArray(kept) ? all.filter((way) => kept.includes(way)).sort(by(kept)) : []);
}

function by(kept: readonly unknown[]): (a: unknown, b: unknown) => number {
  return (a, b) => kept.indexOf(a) - kept.indexOf(b);
}
