import { list } from 'tar';

/** Copies each wanted entry into the buffer that `place` gives for it. Names are without the tarball's top folder. */
export async function eachEntry(
  tarball: string,
  wanted: ReadonlyMap<string, unknown>,
  place: (name: string, size: number) => Uint8Array,
): Promise<void> {
  let failure: unknown;
  await list({
    file: tarball,
    strict: true,
    filter: (entry) => wanted.has(withoutTop(entry)),
    onReadEntry: (entry) => {
      try {
        const target = place(withoutTop(entry.path), entry.size);
        let position = 0;
        entry.on('data', (data) => {
          target.set(data, position);
          position += data.length;
        });
      } catch (error) {
        // Thrown here it would leave the reader hanging.
        failure ??= error;
        entry.resume();
      }
    },
  });
  if (failure) throw failure;
}

function withoutTop(entry: string): string {
  return entry.slice(entry.indexOf('/') + 1);
}

/**
 * Reads whole files out of an npm tarball, in the order of `files`.
 * @throws {Error} when one is missing or has another size.
 */
export async function readFiles(
  tarball: string,
  files: readonly { path: string; bytes: number }[],
): Promise<Uint8Array[]> {
  const found = new Map<string, Uint8Array>();
  const wanted = new Map(files.map((file) => [file.path, file.bytes]));
  await eachEntry(tarball, wanted, (name, size) => {
    if (size !== wanted.get(name)) throw new Error(`${name} has ${size} bytes instead of ${wanted.get(name)}.`);
    const bytes = new Uint8Array(size);
    found.set(name, bytes);
    return bytes;
  });
  return files.map((file) => {
    const bytes = found.get(file.path);
    if (!bytes) throw new Error(`The package has no ${file.path}.`);
    return bytes;
  });
}
