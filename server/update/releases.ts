import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import type { HttpClient } from '../http-client/http-client.ts';
import { isNewer, isVersion } from './version-order.ts';

/** The newest release of a page in the form of GitHub's API: `GET /repos/{owner}/{repo}/releases/latest`. */
const Release = Type.Object({
  tag_name: Type.String(),
  assets: Type.Array(
    Type.Object({
      name: Type.String(),
      browser_download_url: Type.String(),
      size: Type.Integer({ minimum: 1 }),
      /** `sha256:…`; older pages have none. */
      digest: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    }),
  ),
});
type Asset = Static<typeof Release>['assets'][number];

/** Written by the release workflow: `<sha256>  <name>`, a line for each file. */
const CHECKSUMS = 'SHA256SUMS';
const MAX_TEXT_BYTES = 2 ** 20;
const TIMEOUT_MS = 30_000;

/** A newer version, with the file for this system. */
export interface Update {
  version: string;
  url: string;
  name: string;
  bytes: number;
  sha256: string;
}

/** A sentence for people: why there is no update to be had. */
export class UpdateError extends Error {
  override name = 'UpdateError';
}

export interface Question {
  /** Address of the newest release. */
  releases: string;
  /** As in the names of the files: `linux-x64`. */
  platform: string;
  /** The version that runs. */
  version: string;
}

/**
 * Asks for the newest release.
 * @returns null when this version is the newest
 * @throws {UpdateError} and the signal's reason
 */
export async function findUpdate(
  { releases, platform, version }: Question,
  http: HttpClient,
  signal: AbortSignal,
): Promise<Update | null> {
  const read = (url: string) => readText(url, http, signal);
  const { tag_name: tag, assets } = parseRelease(await read(releases));
  const newest = tag.replace(/^v/, '');
  if (!isVersion(newest)) throw new UpdateError(`The release page names a version of an unknown form: ${tag}.`);
  if (!isNewer(newest, version)) return null;
  const ending = platform.startsWith('darwin') ? 'zip' : 'tar.gz';
  const file = assetOf(assets, `Hairline-${newest}-${platform}.${ending}`);
  const sums = await read(assetOf(assets, CHECKSUMS).browser_download_url);
  return { version: newest, ...describe(file, sums) };
}

function parseRelease(text: string): Static<typeof Release> {
  try {
    const json: unknown = JSON.parse(text);
    if (Value.Check(Release, json)) return json;
  } catch {
    // Reported below.
  }
  throw new UpdateError('The release page answered with something else than a release.');
}

function assetOf(assets: readonly Asset[], name: string): Asset {
  const found = assets.find((asset) => asset.name === name);
  if (!found) throw new UpdateError(`The newest release has no file ${name}.`);
  checkAddress(found.browser_download_url);
  return found;
}

/** The checksum of the list; where the page names one by itself, both must agree. */
function describe({ name, browser_download_url, size, digest }: Asset, sums: string): Omit<Update, 'version'> {
  const lines = sums.split(/\r?\n/).map((line) => /^([0-9a-f]{64}) [ *](.+)$/.exec(line));
  const sha256 = lines.find((match) => match?.[2] === name)?.[1];
  if (!sha256) throw new UpdateError(`The newest release has no checksum of ${name}.`);
  if (digest && digest !== `sha256:${sha256}`)
    throw new UpdateError(`The newest release has two different checksums of ${name}. It is not installed.`);
  return { name, url: browser_download_url, bytes: size, sha256 };
}

/**
 * Only encrypted addresses, or ones of this computer.
 * @throws {UpdateError}
 */
export function checkAddress(address: string): void {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol !== 'https:' && !isLocal)
    throw new UpdateError(`Updates come from https:// addresses only, not from ${address}.`);
}

async function readText(url: string, http: HttpClient, signal: AbortSignal): Promise<string> {
  checkAddress(url);
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await http(url, {
      headers: { accept: 'application/vnd.github+json, text/plain;q=0.9, */*;q=0.5' },
      signal: AbortSignal.any([signal, late]),
    });
    try {
      if (answer.status !== 200) throw new UpdateError(`The release page answered ${answer.status}.`);
      const parts: Uint8Array[] = [];
      let total = 0;
      for await (const part of answer.body) {
        total += part.length;
        if (total > MAX_TEXT_BYTES) throw new UpdateError('The release page sends too much.');
        parts.push(part);
      }
      return Buffer.concat(parts).toString('utf8');
    } finally {
      answer.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UpdateError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = late.aborted ? 'it does not answer' : (code ?? message);
    throw new UpdateError(`The release page could not be read: ${reason}.`, { cause: error });
  }
}
