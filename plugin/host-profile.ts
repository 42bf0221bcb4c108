/** Ways to the pixels of a source. `in-place` reads any source, the two copies read layers, the merged one composites. */
export const READ_WAYS = ['in-place', 'layer-copy', 'rasterized-copy', 'merged-copy'] as const;
export type ReadWay = (typeof READ_WAYS)[number];

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
}

/** Where nothing was checked: the order that is most likely right, the quickest first. */
export const UNCHECKED: HostProfile = { byteReaders: BYTE_READERS, routes: ROUTES };

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
  };
}

function readOrder<T extends string>(all: readonly T[], kept: unknown): readonly T[] {
  return inFront(all, Array.isArray(kept) ? all.filter((way) => kept.includes(way)).sort(by(kept)) : []);
}

function by(kept: readonly unknown[]): (a: unknown, b: unknown) => number {
  return (a, b) => kept.indexOf(a) - kept.indexOf(b);
}
