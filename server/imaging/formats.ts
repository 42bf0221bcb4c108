import type { EncodedType } from '../../protocol/matte.ts';

/** Formats by their first bytes. Anything else (SVG, PDF, …) never reaches a decoder. */
const SIGNATURES: readonly { type: EncodedType; matches: (head: Buffer) => boolean }[] = [
  { type: 'image/jpeg', matches: (b) => b.readUIntBE(0, 3) === 0xffd8ff },
  { type: 'image/png', matches: (b) => b.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')) },
  { type: 'image/webp', matches: (b) => text(b, 0, 4) === 'RIFF' && text(b, 8, 12) === 'WEBP' },
  // Raw files of most cameras are built like TIFF: see `findPreview`.
  { type: 'image/tiff', matches: (b) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(text(b, 0, 4)) },
  { type: 'image/vnd.adobe.photoshop', matches: (b) => text(b, 0, 4) === '8BPS' && [1, 2].includes(b.readUInt16BE(4)) },
  { type: 'image/gif', matches: (b) => /^GIF8[79]a/.test(text(b, 0, 6)) },
  { type: 'image/heic', matches: (b) => brand(/^(hei[cxms]|hev[cx])/, b) },
  { type: 'image/avif', matches: (b) => brand(/^(avif|avis|mif1|msf1|miaf)/, b) },
  // The last four bytes of the first twelve are reserved and the first of the place of the pixels.
  { type: 'image/bmp', matches: (b) => text(b, 0, 2) === 'BM' && b.readUInt32LE(6) === 0 },
  { type: 'image/x-dcraw', matches: (b) => isCameraRaw(b) },
];

function text(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

/** Of an ISO base media file (ISO/IEC 14496-12, 4.3). */
function brand(pattern: RegExp, head: Buffer): boolean {
  return text(head, 4, 8) === 'ftyp' && pattern.test(text(head, 8, 12));
}

/** Olympus, Panasonic, Fujifilm, Canon since 2018. */
function isCameraRaw(head: Buffer): boolean {
  return /^(IIR[OS]|MMOR|IIU\0|FUJIFILM)/.test(text(head, 0, 8)) || brand(/^crx /, head);
}

/** The format that the first bytes indicate, or null. */
export function sniffType(bytes: Uint8Array): EncodedType | null {
  if (bytes.byteLength < 12) return null;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, 12);
  return SIGNATURES.find(({ matches }) => matches(head))?.type ?? null;
}
