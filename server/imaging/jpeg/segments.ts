/** One marker segment of a JPEG file (ITU T.81 annex B). */
export interface Segment {
  marker: number;
  /** Where its data begin, behind the length. */
  start: number;
  end: number;
}

export const MARKER = {
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  dht: 0xc4,
  dri: 0xdd,
  sof0: 0xc0,
  sof1: 0xc1,
  sof2: 0xc2,
} as const;

/**
 * The segments from `at` up to the next scan or the end, that one included. Bytes between segments that belong to none are
 * skipped, as decoders do.
 */
export function* readSegments(bytes: Buffer, at: number): Generator<Segment> {
  while (at + 4 <= bytes.length) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at]!;
    at++;
    // Stuffed zeros, restart markers and a second start have no length.
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= MARKER.soi)) continue;
    if (marker === MARKER.eoi) return yield { marker, start: at, end: at };
    if (at + 2 > bytes.length) return;
    const end = at + Math.max(2, bytes.readUInt16BE(at));
    yield { marker, start: at + 2, end };
    if (marker === MARKER.sos) return;
    at = end;
  }
}

export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== MARKER.dht && marker !== 0xc8 && marker !== 0xcc;
}
