import { damaged } from '../damage.ts';
import { type Codes, readCodes } from './codes.ts';
import { checkScan, type Frame, type Part } from './scan.ts';
import { isFrame, MARKER, readSegments, type Segment } from './segments.ts';

/** What was found out about a file without decoding its pixels. */
export type Verdict =
  /** Every block of every scan is there. */
  | 'whole'
  /** A kind of coding that is not followed here: the decoder's own warnings must do. */
  | 'unknown';

/**
 * Follows the codes of a baseline file through all its blocks (ITU T.81 annex F.2.2, G.1 not), without computing a pixel:
 * decoders paint over damage and say little. A missing end marker, bytes behind it and bytes between segments cost no
 * pixels and pass.
 * @throws {AppError} TRUNCATED_IMAGE
 */
export function checkJpeg(bytes: Buffer): Verdict {
  const tables = new Map<number, () => Codes>();
  let frame: Frame | null = null;
  let interval = 0;
  let covered = 0;
  for (let at = 2; ; ) {
    let scan: Segment | null = null;
    for (const segment of readSegments(bytes, at)) {
      const { marker, start, end } = segment;
      if (marker === MARKER.eoi || end > bytes.length) break;
      if (marker === MARKER.dht) readTables(bytes.subarray(start, end), tables);
      else if (marker === MARKER.dri) interval = bytes.readUInt16BE(start);
      else if (marker === MARKER.sos) scan = segment;
      else if (isFrame(marker)) {
        if (marker !== MARKER.sof0 && marker !== MARKER.sof1) return 'unknown';
        frame = readFrame(bytes.subarray(start, end));
        if (!frame) return 'unknown';
      }
    }
    if (!scan) break;
    if (!frame) return 'unknown';
    const count = bytes[scan.start]!;
    if (scan.end - scan.start < 4 + 2 * count) return 'unknown';
    const parts = Array.from({ length: count }, (_, i) => {
      const place = scan.start + 1 + 2 * i;
      const component = frame!.components.find(({ id }) => id === bytes[place]);
      const dc = tables.get(bytes[place + 1]! >> 4);
      const ac = tables.get(16 + (bytes[place + 1]! & 15));
      return component && dc && ac ? { component, dc: dc(), ac: ac() } : null;
    });
    if (parts.includes(null)) return 'unknown';
    at = checkScan(bytes, scan.end, frame, interval, parts as Part[]);
    covered += count;
  }
  if (!frame || covered < frame.components.length) throw damaged('its pixels are missing');
  return 'whole';
}

/** Precision of 8 bits only: the older coders of 12 are read by nothing around. */
function readFrame(data: Buffer): Frame | null {
  if (data.length < 6 || data[0] !== 8 || data.length < 6 + 3 * data[5]!) return null;
  const components = Array.from({ length: data[5]! }, (_, i) => {
    const [id, sampling] = [data[6 + 3 * i]!, data[7 + 3 * i]!];
    return { id, across: sampling >> 4, down: sampling & 15 };
  });
  const height = data.readUInt16BE(1);
  const isFine = components.every(({ across, down }) => across >= 1 && across <= 4 && down >= 1 && down <= 4);
  // A height of 0 is given later, by a DNL segment; nothing writes that.
  return isFine && height > 0 ? { width: data.readUInt16BE(3), height, components } : null;
}

/** T.81 B.2.4.2: kind and number of each table, then counts and symbols. Built only where a scan uses them. */
function readTables(data: Buffer, tables: Map<number, () => Codes>): void {
  for (let at = 0; at + 17 <= data.length; ) {
    const table = data.subarray(at + 1);
    let codes: Codes | undefined;
    tables.set(data[at]! & 0x1f, () => (codes ??= readCodes(table)));
    at += 17 + data.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
  }
}
