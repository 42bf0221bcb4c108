import { damaged } from '../damage.ts';
import { isFrame, MARKER, readSegments, type Segment } from './segments.ts';

const COEFFICIENTS = 64;

/**
 * The same file without what decoders warn of although it costs no pixels, so that their warnings mean damage: bytes between
 * the segments in front of the first scan, and a missing end marker.
 * @throws {AppError} TRUNCATED_IMAGE when scans are missing
 */
export function tidyJpeg(bytes: Buffer): Buffer {
  const parts = [bytes.subarray(0, 2)];
  let scan = bytes.length;
  for (const { marker, start, end } of readSegments(bytes, 2)) {
    if (marker === MARKER.sos || marker === MARKER.eoi || end > bytes.length) {
      scan = start - 4;
      break;
    }
    parts.push(bytes.subarray(start - 4, end));
  }
  checkScans(bytes);
  const hasEnd = bytes.subarray(-64).includes(Buffer.of(0xff, MARKER.eoi));
  if (hasEnd && scan === length(parts)) return bytes;
  parts.push(bytes.subarray(scan));
  if (!hasEnd) parts.push(Buffer.of(0xff, MARKER.eoi));
  return Buffer.concat(parts);
}

function length(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Whether some scan of a progressive file (T.81 annex G) brings every coefficient of every component, at any precision. */
function checkScans(bytes: Buffer): void {
  const seen = new Map<number, Uint8Array>();
  let isProgressive = false;
  for (let at = 2; ; ) {
    let scan: Segment | null = null;
    for (const segment of readSegments(bytes, at)) {
      const { marker, start, end } = segment;
      if (end > bytes.length || marker === MARKER.eoi) break;
      if (marker === MARKER.sos) scan = segment;
      if (!isFrame(marker)) continue;
      isProgressive = marker === MARKER.sof2;
      const count = Math.min(4, bytes[start + 5] ?? 0);
      for (let i = 0; i < count && start + 6 + 3 * i < end; i++)
        seen.set(bytes[start + 6 + 3 * i]!, new Uint8Array(COEFFICIENTS));
    }
    if (!scan) break;
    const { start, end } = scan;
    const count = bytes[start]!;
    if (start + 4 + 2 * count > bytes.length) break;
    const [from, to] = [bytes[start + 1 + 2 * count]!, bytes[start + 2 + 2 * count]!];
    for (let i = 0; i < count; i++) seen.get(bytes[start + 1 + 2 * i]!)?.fill(1, from, to + 1);
    at = end;
  }
  if (!isProgressive) return;
  if ([...seen.values()].some((coefficients) => coefficients.includes(0)))
    throw damaged('some of its scans are missing');
}
