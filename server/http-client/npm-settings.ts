import Config from '@npmcli/config';
import npm from '@npmcli/config/lib/definitions/index.js';
import type pacote from 'pacote';
import { packageRoot } from '../system/package-root.ts';

/** The user's own npm settings: registry or mirror, proxy, certificates. What works for npm works here. */
export async function npmSettings(env: NodeJS.ProcessEnv): Promise<pacote.Options> {
  // A copy of env, because loading the settings writes to it.
  const config = new Config({ ...npm, npmPath: packageRoot, argv: [], env: { ...env }, warn: false });
  await config.load();
  return {
    ...config.flat,
    // A second copy of the tarball in npm's cache would only cost disk.
    cache: undefined,
    // npm waits 10 s, then 100 s, before it tries again: too long for a person who is offline.
    retry: { retries: 2, factor: 2, minTimeout: 500, maxTimeout: 4_000 },
  } as pacote.Options;
}
