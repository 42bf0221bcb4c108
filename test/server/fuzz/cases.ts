import { readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { ERRORS } from '../../../protocol/errors.ts';
import type { ErrorBody } from '../../../protocol/schemas/failure.ts';
import { AppError } from '../../../server/errors.ts';
import { CannotMask } from '../../../server/imaging/psd/choose-layer.ts';
import { openLayer } from '../../../server/imaging/psd/open-layer.ts';
import { bufferSource } from '../../../server/imaging/psd/source.ts';
import { fuzzDocuments } from '../imaging/psd/fuzz-documents.ts';
import { type Answer, lines, post, rawHeaders, talk } from '../raw-socket.ts';
import type { Mutator } from './mutate.ts';

/** Sends one malformed request and says what was wrong with the answer, or null. */
export type Case = (i: number) => Promise<string | null>;

export interface FuzzPorts {
  /** Of a server with the stand-in network. */
  patient: number;
  /** Of one that gives up soon: for requests whose length was changed, so that their bodies never come. */
  impatient: number;
}

/** One kind of malformed input for each name. */
export async function fuzzCases(ports: FuzzPorts, mutator: Mutator): Promise<Record<string, Case>> {
  const files = await pictures(mutator);
  const documents = fuzzDocuments();
  const form = await formWith(files[3]!);
  const header = lines(
    ports.impatient,
    'POST /v1/mattes?model=auto&output=cutout&depth=8&background=white',
    [
      ...Object.entries(rawHeaders(2, 2, 3, 8)).map(([name, value]) => `${name}: ${value}`),
      'Accept: */*',
      'Content-Length: 12',
    ],
    'abcdefghijkl',
  );
  return {
    async pictures(i) {
      const body = mutator.mutate(files[i % files.length]!);
      const type = mutator.pick([
        'image/jpeg',
        'image/png',
        'image/webp',
        'image/tiff',
        'image/avif',
        'image/vnd.adobe.photoshop',
        'image/heic',
        'image/bmp',
      ]);
      const query = mutator.pick(['', '?output=cutout', '?output=foreground&depth=16', '?output=composition']);
      const answer = await post(ports.patient, {
        query,
        headers: { 'content-type': type },
        body: Uint8Array.from(body),
      });
      return complaint(answer, `${query} ${body.toString('base64')}`);
    },
    async documents(i) {
      const file = mutator.mutate(documents[i % documents.length]!);
      return maskDocument(file).catch((error: Error) =>
        error instanceof AppError || error instanceof CannotMask
          ? null
          : `${error.stack} to ${file.toString('base64')}`,
      );
    },
    async 'headers and addresses'() {
      const text = mutator.disturb(header, header.length - 12);
      return complaint(await talk(ports.impatient, text), JSON.stringify(text.toString('latin1')));
    },
    async forms() {
      const body = mutator.mutate(form);
      const boundary = mutator.pick(['b', 'b', 'b', '"b"', 'c', '']);
      const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
      return complaint(await post(ports.patient, { headers, body: Uint8Array.from(body) }), body.toString('latin1'));
    },
  };
}

/** From the folder of the compiled test or of its source. */
const HEIC = path.resolve('test/fixtures/heic');

/** Eight rows of eight pixels: plain, with a palette, packed, with masks. */
function bitmaps(mutator: Mutator): Buffer[] {
  const kinds: [bits: number, compression: number, extra: number][] = [
    [24, 0, 0],
    [8, 0, 1024],
    [8, 1, 1024],
    [4, 2, 64],
    [32, 3, 12],
  ];
  return kinds.map(([bits, compression, extra]) => {
    const head = Buffer.alloc(54);
    head.write('BM', 'latin1');
    head.writeUInt32LE(54 + extra, 10);
    head.writeUInt32LE(40, 14);
    head.writeInt32LE(8, 18);
    head.writeInt32LE(8, 22);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(compression, 30);
    return Buffer.concat([head, mutator.bytes(extra), mutator.bytes(8 * bits)]);
  });
}

/** What `hairline matte --into psd` does to a document. */
async function maskDocument(file: Buffer): Promise<string | null> {
  const layer = await openLayer(bufferSource(file));
  await layer.readPicture();
  const { width, height, depth } = layer;
  const data = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
  const { chunks, bytes } = await layer.addMask({ width, height, data });
  let written = 0;
  for await (const { length } of chunks) written += length;
  return written === bytes ? null : `${written} bytes in place of ${bytes} for ${file.toString('base64')}`;
}

/** Every accepted type in its main varieties. */
function pictures(mutator: Mutator): Promise<Buffer[]> {
  const noise = mutator.bytes(24 * 16 * 4);
  const image = () => sharp(noise, { raw: { width: 24, height: 16, channels: 4 } });
  return Promise.all([
    image().flatten().jpeg().toBuffer(),
    image().flatten().jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
    image().flatten().toColorspace('cmyk').jpeg().toBuffer(),
    image().png().toBuffer(),
    image().png({ palette: true }).toBuffer(),
    image().toColorspace('rgb16').png().toBuffer(),
    image().webp().toBuffer(),
    image().webp({ lossless: true }).toBuffer(),
    image().tiff({ compression: 'none' }).toBuffer(),
    image().tiff({ compression: 'lzw' }).toBuffer(),
    image().tiff({ compression: 'jpeg' }).toBuffer(),
    image().avif({ effort: 0 }).toBuffer(),
    ...fuzzDocuments(),
    image().gif().toBuffer(),
    // What is brought into another form first: floating samples, CMYK with a profile, a thumbnail behind.
    image().toColorspace('scrgb').tiff({ compression: 'deflate' }).toBuffer(),
    image().flatten().toColorspace('cmyk').tiff({ compression: 'packbits' }).toBuffer(),
    image().flatten().toColorspace('lab').tiff({ tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
    image().tiff({ bigtiff: true, compression: 'deflate', pyramid: true }).toBuffer(),
    ...['display-p3', 'transparent'].map((name) => readFile(path.join(HEIC, `${name}.heic`))),
    ...bitmaps(mutator),
  ]);
}

async function formWith(picture: Buffer): Promise<Buffer> {
  const part = (head: string, content: Buffer) => [
    Buffer.from(`--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ];
  return Buffer.concat([
    ...part('name="note"', Buffer.from('hello')),
    ...part('name="picture"; filename="a.png"', picture),
    Buffer.from('--b--\r\n'),
  ]);
}

/** Anything but a matte or a refusal of the table: a hang-up without words, an unforeseen error, a shape of its own. */
function complaint(answer: Answer | null, context: string): string | null {
  if (!answer) return `no answer to ${context}`;
  const { status, body } = answer;
  if (status === 200) return null;
  try {
    const { code, message, hint } = (JSON.parse(body.toString()) as ErrorBody).error;
    const known = ERRORS[code];
    if (status !== 500 && known[0] === status && known[2] === hint && message !== '') return null;
  } catch {
    // Below: it is none of ours.
  }
  return `${status} ${body.subarray(0, 300)} to ${context}`;
}

/** Four at a time, as a busy panel would. @returns the complaints */
export async function repeat(times: number, send: Case, onProgress?: (sent: number) => void): Promise<string[]> {
  const complaints: string[] = [];
  let next = 0;
  const worker = async () => {
    while (next < times) {
      const found = await send(next++).catch((error: Error) => `${error.message} (${String(error.cause)})`);
      if (found) complaints.push(found);
      onProgress?.(next);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return complaints;
}
