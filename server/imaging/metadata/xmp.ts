import { PROVENANCE_NAMESPACE } from './provenance.ts';

/** Longest packet; more than all captions need, unlike histories of editing. */
const MAX_PACKET = 2 * 1024 * 1024;

const EXIF = 'http://ns.adobe.com/exif/1.0/';

/** What is not true of an upright RGB result with one picture in it, as namespace and names; null: all of them. */
const UNTRUE: readonly [string, RegExp | null][] = [
  ['http://ns.adobe.com/tiff/1.0/', /^(Orientation|ImageWidth|ImageLength|PhotometricInterpretation|SamplesPerPixel)$/],
  [EXIF, /^(PixelXDimension|PixelYDimension|ColorSpace)$/],
  ['http://ns.adobe.com/xap/1.0/', /^Thumbnails$/],
  ['http://ns.adobe.com/photoshop/1.0/', /^(ICCProfile|ColorMode)$/],
  // Gain maps, and the pictures and films that a phone appends.
  ['http://ns.adobe.com/hdr-gain-map/1.0/', null],
  ['http://ns.google.com/photos/1.0/container/', null],
  ['http://ns.google.com/photos/1.0/camera/', null],
  // Of a result that is taken for a picture.
  [PROVENANCE_NAMESPACE, null],
];
const PLACES: readonly [string, RegExp | null][] = [[EXIF, /^GPS/]];

/**
 * An XMP packet for a result (XMP part 1, 7): without orientation, sizes, thumbnails, and without GPS unless wanted. One pass,
 * so that a hostile packet costs no more than its length.
 * @returns null for what is no packet of UTF-8, is malformed, or too long
 */
export function cleanXmp(packet: Buffer, keepGps: boolean): Buffer | null {
  if (packet.length > MAX_PACKET) return null;
  const text = packet.toString('utf8').replace(/\0+$/, '');
  if (!text.includes('rdf:RDF') || text.includes('\ufffd')) return null;
  const unwanted = findUnwanted(text, keepGps ? UNTRUE : [...UNTRUE, ...PLACES]);
  const kept: string[] = [];
  // The element that is being left out, and how many of its name are open.
  let skipped = '';
  let open = 0;
  for (let at = 0; at < text.length; ) {
    const start = text.indexOf('<', at);
    const end = start < 0 ? text.length : endOfMarkup(text, start);
    if (end < 0) return null;
    const tag = start < 0 ? '' : text.slice(start, end);
    const name = /^<\/?([^\s/>]*)/.exec(tag)?.[1] ?? '';
    if (open > 0) {
      if (name === skipped && !tag.endsWith('/>')) open += tag.startsWith('</') ? -1 : 1;
    } else {
      kept.push(text.slice(at, start < 0 ? end : start));
      if (!unwanted(name)) kept.push(dropAttributes(tag, unwanted));
      else if (!tag.endsWith('/>') && !tag.startsWith('</')) [skipped, open] = [name, 1];
    }
    at = end;
  }
  return open > 0 ? null : Buffer.from(kept.join(''));
}

/** Behind a tag, a comment, an instruction or a section of text; -1 where it does not end. */
function endOfMarkup(text: string, start: number): number {
  for (const [head, tail] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!text.startsWith(head, start)) continue;
    const end = text.indexOf(tail, start + head.length);
    return end < 0 ? -1 : end + tail.length;
  }
  const next = /["'<>]/g;
  for (let at = start + 1; ; ) {
    next.lastIndex = at;
    const found = next.exec(text);
    if (!found || found[0] === '<') return -1;
    if (found[0] === '>') return found.index + 1;
    const closing = text.indexOf(found[0], found.index + 1);
    if (closing < 0) return -1;
    at = closing + 1;
  }
}

function dropAttributes(tag: string, unwanted: (name: string) => boolean): string {
  if (!tag.includes('=') || /^<[!?/]/.test(tag)) return tag;
  return tag.replace(/\s([^\s=<>"'/]+)\s*=\s*(?:"[^"]*"|'[^']*')/g, (whole, name) => (unwanted(name) ? '' : whole));
}

function findUnwanted(text: string, rules: readonly [string, RegExp | null][]): (name: string) => boolean {
  const byPrefix = new Map<string, RegExp | null>();
  for (const [, prefix, a, b] of text.matchAll(/xmlns:([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    const found = rules.filter(([namespace]) => namespace === (a ?? b));
    if (found.length === 0) continue;
    const patterns = found.map(([, names]) => names);
    byPrefix.set(prefix!, patterns.includes(null) ? null : new RegExp(patterns.map((p) => p!.source).join('|')));
  }
  return (name) => {
    const colon = name.indexOf(':');
    const names = colon < 0 ? undefined : byPrefix.get(name.slice(0, colon));
    return names === null || (names?.test(name.slice(colon + 1)) ?? false);
  };
}
