/** How a result was made, as it says itself. */
export interface Provenance {
  /** Of Hairline. */
  version: string;
  /** Ids of the models that ran, joined by `+`. */
  model: string;
  /** `key=value`, joined by spaces. */
  settings: string;
  /** Of the samples in the file, of a document of those in its Layer Mask: tells whether they were changed since. */
  hash: string;
}

export const PROVENANCE_NAMESPACE = 'urn:hairline:provenance:1#';

const KEYS = { version: 'Version', model: 'Model', settings: 'Settings', hash: 'Hash' } as const;
const NAMES = Object.keys(KEYS) as (keyof Provenance)[];

/** Longest packet that is searched. */
const MAX_PACKET = 4 * 1024 * 1024;

/** @param packet of XMP without such a note; absent: a new one is made (XMP part 1, 7.3) */
export function addProvenance(packet: Buffer | undefined, provenance: Provenance): Buffer {
  const values = NAMES.map((name) => `hairline:${KEYS[name]}="${escapeXml(provenance[name])}"`).join(' ');
  const note = `<rdf:Description rdf:about="" xmlns:hairline="${PROVENANCE_NAMESPACE}" ${values}/>`;
  const text = packet?.toString('utf8') ?? '';
  const end = text.lastIndexOf('</rdf:RDF>');
  if (end >= 0) return Buffer.from(text.slice(0, end) + note + text.slice(end));
  return Buffer.from(
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${note}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`,
  );
}

/** The note of a result, also after another program has written its packet anew; null where there is none. */
export function readProvenance(packet: Buffer): Provenance | null {
  if (packet.length > MAX_PACKET) return null;
  const text = packet.toString('utf8');
  // The last: notes of earlier results leave their empty frame.
  const at = text.lastIndexOf(PROVENANCE_NAMESPACE);
  if (at < 0) return null;
  const prefix = /xmlns:([\w-]{1,64})\s*=\s*["']$/.exec(text.slice(Math.max(0, at - 100), at))?.[1];
  if (!prefix) return null;
  const read = (name: keyof Provenance): string | null => {
    const key = `${prefix}:${KEYS[name]}`;
    // As an attribute, or as Photoshop writes it when it saves: as an element.
    const found = new RegExp(`\\s${key}\\s*=\\s*"([^"<]{0,4096})"|<${key}>([^<]{0,4096})</`).exec(text);
    return found && unescapeXml(found[1] ?? found[2]!);
  };
  const [version, model, settings, hash] = NAMES.map(read);
  return version && model && hash ? { version, model, settings: settings ?? '', hash } : null;
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' } as const;

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ENTITIES[letter as keyof typeof ENTITIES]);
}

function unescapeXml(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot);/g,
    (entity) => Object.entries(ENTITIES).find(([, name]) => name === entity)![0],
  );
}
