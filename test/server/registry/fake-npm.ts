import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { create } from 'tar';

export interface FakeNpm {
  url: string;
  integrity: string;
  tarballBytes: number;
  /** How often the tarball was asked for. */
  downloads: number;
  /** `cut` ends the connection half way, `hang` stops sending half way. */
  behavior: 'whole' | 'cut' | 'hang';
  close(): Promise<void>;
}

/** Packs files as npm does: everything under `package/`. */
export async function packTarball(files: Record<string, Uint8Array | string>): Promise<Buffer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hairline-pack-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(folder, 'package', name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    await create({ cwd: folder, gzip: true, file: path.join(folder, 'p.tgz'), portable: true }, ['package']);
    return await readFile(path.join(folder, 'p.tgz'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A registry on the loopback interface that knows one version of one package. */
export async function startFakeNpm(name: string, version: string, tarball: Buffer): Promise<FakeNpm> {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const server = createServer((request, response) => {
    if (request.url !== '/tarball.tgz') {
      const dist = { tarball: `${fake.url}/tarball.tgz`, integrity };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { name, version, dist } } }),
      );
      return;
    }
    fake.downloads++;
    response.setHeader('content-length', tarball.length);
    if (fake.behavior === 'whole') return response.end(tarball);
    response.write(tarball.subarray(0, tarball.length >> 1), () => {
      if (fake.behavior === 'cut') response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeNpm = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    integrity,
    tarballBytes: tarball.length,
    downloads: 0,
    behavior: 'whole',
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}
