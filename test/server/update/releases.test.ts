import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../server/http-client/http-client.ts';
import { checkAddress, findUpdate } from '../../../server/update/releases.ts';
import { isNewer } from '../../../server/update/version-order.ts';
import { describeRelease, type ReleasePage, serveFiles, sha256 } from './release-page.ts';

const NAME = 'Hairline-0.2.0-linux-x64.tar.gz';
const SUM = sha256('the app');
const http = createHttpClient({});

let page: ReleasePage;
afterEach(() => page?.close());

async function find(
  change: { version?: string; digest?: string; sums?: string; release?: unknown; url?: string } = {},
  version = '0.1.0',
  platform = 'linux-x64',
) {
  const files: Record<string, string> = { '/SHA256SUMS': change.sums ?? `${SUM}  ${NAME}\n` };
  page = await serveFiles(files);
  const file = {
    name: NAME,
    url: change.url ?? `${page.url}/app`,
    bytes: 7,
    ...(change.digest && { digest: change.digest }),
  };
  files['/latest'] =
    typeof change.release === 'string'
      ? change.release
      : JSON.stringify(change.release ?? describeRelease(change.version ?? '0.2.0', file, `${page.url}/SHA256SUMS`));
  const question = { releases: `${page.url}/latest`, platform, version };
  return findUpdate(question, http, AbortSignal.timeout(10_000));
}

describe('the newest release', () => {
  it('is found with the file and the checksum for this system', async () => {
    const expected = { version: '0.2.0', name: NAME, url: `${page?.url}/app`, bytes: 7, sha256: SUM };
    expect(await find({ digest: `sha256:${SUM}` })).toEqual({ ...expected, url: `${page.url}/app` });
  });

  it.each(['0.2.0', '0.10.0', '1.0.0'])('is nothing new for version %s', async (version) => {
    expect(await find({}, version)).toBeNull();
    // Nothing but the one question was asked.
    expect(page.asked).toEqual(['/latest']);
  });

  it.each([
    ['has no file for this system', {}, 'win32-x64', 'has no file Hairline-0.2.0-win32-x64.tar.gz'],
    ['has no file for a Mac', {}, 'darwin-arm64', 'has no file Hairline-0.2.0-darwin-arm64.zip'],
    ['has no checksum for the file', { sums: `${SUM}  other.tar.gz\n` }, 'linux-x64', 'no checksum'],
    ['has two checksums', { digest: `sha256:${sha256('another app')}` }, 'linux-x64', 'two different checksums'],
    ['is not JSON', { release: '<html>Log in to the hotel</html>' }, 'linux-x64', 'something else than a release'],
    ['has another form', { release: { tag_name: 'v0.2.0' } }, 'linux-x64', 'something else than a release'],
    ['has a strange version', { version: '0.2.0/../..' }, 'linux-x64', 'unknown form'],
    ['is too long', { release: ' '.repeat(2 ** 20 + 1) }, 'linux-x64', 'too much'],
    ['is elsewhere, unencrypted', { url: 'http://example.org/app' }, 'linux-x64', 'https:// addresses only'],
  ])('is refused when it %s', async (_name, change, platform, sentence) => {
    await expect(find(change, '0.1.0', platform)).rejects.toThrow(sentence);
  });

  it('that cannot be reached is a sentence', async () => {
    page = await serveFiles({});
    const ask = (releases: string) =>
      findUpdate({ releases, platform: 'linux-x64', version: '0.1.0' }, http, AbortSignal.timeout(10_000));
    await expect(ask(`${page.url}/latest`)).rejects.toThrow('The release page answered 404.');
    await page.close();
    await expect(ask(`${page.url}/latest`)).rejects.toThrow(/could not be read: ECONN/);
  });
});

it.each(['http://example.org', 'http://127.0.0.1.example.org', 'http://192.168.1.2', 'file:///tmp/x', 'ftp://a', 'x'])(
  'an update does not come from %s',
  (address) => {
    expect(() => checkAddress(address)).toThrow('https:// addresses only');
  },
);

it('versions are ordered by their numbers', () => {
  const ordered = ['0.1.0', '0.1.9', '0.1.10', '0.2.0', '1.0.0', '10.0.0'];
  for (const [i, a] of ordered.entries())
    for (const [j, b] of ordered.entries()) expect([a, b, isNewer(a, b)]).toEqual([a, b, i > j]);
  for (const odd of ['', '1', '1.0', 'v1.0.0', '1.0.0-beta', '1.0.0\n', '9'.repeat(20)])
    expect([isNewer(odd, '0.0.0'), isNewer('9.9.9', odd)]).toEqual([false, false]);
});
