import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AppError } from '../errors.ts';
import { isPublic } from './address.ts';

export interface AddressRules {
  /** All addresses of a name. */
  resolve?: (name: string) => Promise<LookupAddress[]>;
  /** Whether connecting to an address is allowed. */
  allows?: (address: string) => boolean;
}

/**
 * Rules for an address that comes from an untrusted client, which must not reach this computer or its networks: a name
 * is resolved once for each connection, every address is checked, and the connection uses exactly those addresses, so
 * that DNS rebinding fails. Redirects are treated like the original address. This is why no proxy is used here: it would
 * resolve names itself, and from another network.
 * @returns for `HttpRequest.pin`; it throws {AppError} URL_REFUSED, URL_FAILED
 */
export function publicAddresses({ resolve = resolveAll, allows = isPublic }: AddressRules = {}) {
  return async (url: URL): Promise<LookupAddress[]> => {
    checkUrl(url);
    const addresses = await addressesOf(url, resolve);
    if (!addresses.every(({ address }) => allows(address)))
      throw new AppError('URL_REFUSED', 'The address leads to this computer or to a private network.');
    return addresses;
  };
}

/** The URL parser has written every spelling of an IPv4 address (octal, one number, wide digits) in the usual way. */
function checkUrl({ protocol, username, password, port }: URL): void {
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new AppError('URL_REFUSED', 'Only addresses that begin with http:// or https:// are fetched.');
  if (username || password)
    throw new AppError('URL_REFUSED', 'An address with a user name or password in it is not fetched.');
  if (!isWebPort(port)) throw new AppError('URL_REFUSED', `Nothing is fetched from port ${port}.`);
}

/** Ports of the web, and those that any program may open; below are mail, printers and the like. */
function isWebPort(port: string): boolean {
  return port === '' || port === '80' || port === '443' || Number(port) >= 1024;
}

async function addressesOf({ hostname }: URL, resolve: (name: string) => Promise<LookupAddress[]>) {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(literal);
  if (family) return [{ address: literal, family }];
  // With the trailing dot of the root, `localhost` would be resolved by DNS servers.
  const found = await resolve(hostname.replace(/\.$/, '')).catch((cause) => {
    throw new AppError('URL_FAILED', 'There is no server of that name.', { cause });
  });
  if (found.length === 0) throw new AppError('URL_FAILED', 'There is no server of that name.');
  return found;
}

function resolveAll(name: string): Promise<LookupAddress[]> {
  return lookup(name, { all: true });
}
