import { ERRORS } from '../../../protocol/errors.ts';
import type { ErrorBody } from '../../../protocol/schemas/failure.ts';
import { AppError } from '../../../server/errors.ts';
import { CannotMask } from '../../../server/imaging/psd/choose-layer.ts';
import { openLayer } from '../../../server/imaging/psd/open-layer.ts';
import { bufferSource } from '../../../server/imaging/psd/source.ts';
import { fuzzDocuments } from '../imaging/psd/fuzz-documents.ts';
import { seeded } from '../random.ts';
import { type Answer, lines, post, rawHeaders, talk } from '../raw-socket.ts';
import { goodFiles } from './inputs.ts';
import { Mutator } from './mutate.ts';

/** What became of an input: taken, refused with one of our words, or neither. */
export interface Outcome {
  isTaken: boolean;
  /** What was wrong with the answer. */
  complaint?: string;
}

const TAKEN: Outcome = { isTaken: true };
const REFUSED: Outcome = { isTaken: false };

export interface FuzzKind {
  /** How many of them there are among all inputs, in relation to the others. */
  share: number;
  send(mutator: Mutator): Promise<Outcome>;
}

export interface FuzzPorts {
  /** Of a server with the stand-in network. */
  patient: number;
  /** Of one that gives up soon: for requests whose length was changed, so that their bodies never come. */
  impatient: number;
}

const QUERIES = ['', '?output=cutout', '?output=foreground&depth=16', '?output=composition'];

/** One picture of 24 x 16 pixels that takes longer would let a few of them stop a server. */
const PATIENCE = 120_000;

/** Kinds of malformed input by name. */
export async function fuzzKinds(ports: FuzzPorts): Promise<Record<string, FuzzKind>> {
  const files = await goodFiles();
  const documents = fuzzDocuments();
  const form = formWith(files.png[0]!);
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
  const pictures = Object.entries(files).map(([name, good]): [string, FuzzKind] => [
    name,
    {
      share: ['tiff', 'psd', 'heif'].includes(name) ? 2 : 1,
      async send(mutator) {
        const body = mutator.mutate(mutator.pick(good));
        const query = mutator.pick(QUERIES);
        const answer = await post(ports.patient, {
          query,
          headers: { 'content-type': 'image/jpeg' },
          body: Uint8Array.from(body),
          signal: AbortSignal.timeout(PATIENCE),
        });
        return judge(answer, `${query} ${body.toString('base64')}`);
      },
    },
  ]);
  return {
    ...Object.fromEntries(pictures),
    documents: { share: 3, send: (mutator) => maskDocument(mutator.mutate(mutator.pick(documents))) },
    headers: {
      share: 3,
      async send(mutator) {
        const text = mutator.disturb(header, header.length - 12);
        return judge(await talk(ports.impatient, text), JSON.stringify(text.toString('latin1')));
      },
    },
    forms: {
      share: 2,
      async send(mutator) {
        const body = mutator.mutate(form);
        const boundary = mutator.pick(['b', 'b', 'b', '"b"', 'c', '']);
        const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
        return judge(await post(ports.patient, { headers, body: Uint8Array.from(body) }), body.toString('latin1'));
      },
    },
  };
}

/** What `hairline matte --into psd` does to a document. */
async function maskDocument(file: Buffer): Promise<Outcome> {
  const context = `to ${file.toString('base64')}`;
  try {
    const layer = await openLayer(bufferSource(file));
    await layer.readPicture();
    const { width, height, depth } = layer;
    const data = depth === 8 ? new Uint8Array(width * height) : new Uint16Array(width * height);
    const { chunks, bytes } = await layer.addMask({ width, height, data });
    let written = 0;
    for await (const { length } of chunks) written += length;
    return written === bytes
      ? TAKEN
      : { isTaken: false, complaint: `${written} bytes in place of ${bytes} ${context}` };
  } catch (error) {
    if (error instanceof AppError || error instanceof CannotMask) return REFUSED;
    return { isTaken: false, complaint: `${(error as Error).stack} ${context}` };
  }
}

function formWith(picture: Buffer): Buffer {
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
function judge(answer: Answer | null, context: string): Outcome {
  if (!answer) return { isTaken: false, complaint: `no answer to ${context}` };
  const { status, body } = answer;
  if (status === 200) return TAKEN;
  try {
    const { code, message, hint } = (JSON.parse(body.toString()) as ErrorBody).error;
    const known = ERRORS[code];
    if (status !== 500 && known[0] === status && known[2] === hint && message !== '') return REFUSED;
  } catch {
    // Below: it is none of ours.
  }
  return { isTaken: false, complaint: `${status} ${body.subarray(0, 300)} to ${context}` };
}

/** One input by its kind and number: the same for the same seed, whatever was sent before. */
export async function sendOne(kind: FuzzKind, seed: number, number: number): Promise<Outcome> {
  const mutator = new Mutator(seeded(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ number));
  return kind
    .send(mutator)
    .catch((error: Error) => ({ isTaken: false, complaint: `${error.message} (${String(error.cause)})` }));
}

/** Runs a task for each number, four at a time, as a busy panel would; ends early when `isOver` says so. @returns the next number */
export async function fourAtOnce(
  from: number,
  to: number,
  task: (number: number) => Promise<void>,
  isOver: () => boolean = () => false,
): Promise<number> {
  let next = from;
  const worker = async () => {
    while (next < to && !isOver()) await task(next++);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return next;
}
