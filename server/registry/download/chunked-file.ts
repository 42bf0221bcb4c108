import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { eachEntry } from '../sources/tarball-entries.ts';

const Chunk = Type.Object({
  hash: Type.String({ pattern: '^[0-9a-f]+$' }),
  /** Where in the joined file the chunk starts and ends. */
  offsets: Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 0 })]),
});
const Index = Type.Record(Type.String(), Type.Object({ size: Type.Integer(), chunks: Type.Array(Chunk) }));

type Chunk = Static<typeof Chunk>;

/** An index is a few kilobytes; more than this is not one. */
const MAX_INDEX_BYTES = 4 * 1024 * 1024;

/**
 * Reads one file that an npm tarball holds in chunks: `index` is a JSON file that lists them, the chunks lie beside it
 * under their hash.
 * @throws {Error} when the index or a chunk is missing or has the wrong size.
 */
export async function readChunkedFile(
  tarball: string,
  { index, resource, bytes }: { index: string; resource: string; bytes: number },
): Promise<Uint8Array> {
  const chunks = chunksOf(await readEntry(tarball, index), resource, bytes);
  const folder = index.slice(0, index.lastIndexOf('/') + 1);
  const byPath = new Map(chunks.map((chunk) => [folder + chunk.hash, chunk]));
  const file = new Uint8Array(bytes);
  const missing = new Set(byPath.keys());
  await eachEntry(tarball, byPath, (name, size) => {
    const [start, end] = byPath.get(name)!.offsets;
    if (size !== end - start) throw new Error(`${name} has ${size} bytes instead of ${end - start}.`);
    missing.delete(name);
    return file.subarray(start, end);
  });
  if (missing.size > 0) throw new Error(`The package lacks ${missing.size} of ${byPath.size} parts of the model.`);
  return file;
}

function chunksOf(json: Uint8Array, resource: string, bytes: number): Chunk[] {
  const index: unknown = JSON.parse(Buffer.from(json).toString('utf8'));
  if (!Value.Check(Index, index)) throw new Error('The list of parts has an unknown form.');
  const entry = index[resource];
  if (!entry) throw new Error(`The list of parts has no "${resource}".`);
  const chunks = [...entry.chunks].sort((a, b) => a.offsets[0] - b.offsets[0]);
  let end = 0;
  for (const { offsets } of chunks) {
    if (offsets[0] !== end || offsets[1] <= end) throw new Error('The list of parts has gaps.');
    end = offsets[1];
  }
  if (end !== bytes) throw new Error(`The parts add up to ${end} bytes instead of ${bytes}.`);
  return chunks;
}

async function readEntry(tarball: string, name: string): Promise<Uint8Array> {
  let found: Uint8Array | undefined;
  await eachEntry(tarball, new Map([[name, true]]), (_, size) => {
    if (size > MAX_INDEX_BYTES) throw new Error(`${name} is too large.`);
    found = new Uint8Array(size);
    return found;
  });
  if (!found) throw new Error(`The package has no ${name}.`);
  return found;
}
