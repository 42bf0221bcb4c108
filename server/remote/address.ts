import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';

/** Where the internet's own addresses are; the rest of IPv6 is for other purposes, or for none yet. */
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/** Where networks without IPv4 reach it: the last four bytes are the address that is meant. */
const TRANSLATED = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Whether an address is on the public internet: not this computer, not its networks, nothing private, reserved or
 * special-purpose, in any IPv6 form. What is not known to be public is not.
 * @param own networks of this computer
 */
export function isPublic(address: string, own: readonly Network[] = ownNetworks()): boolean {
  // Stricter than ipaddr.js, which reads 010.0.0.1 and 1 as addresses too.
  if (isIP(address) === 0) return false;
  const parsed = unwrap(ipaddr.parse(address));
  if (parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv6' && !parsed.match(GLOBAL)) return false;
  return !own.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
}

export type Network = [IPv4 | IPv6, number];

/**
 * The networks of this computer's interfaces. With IPv6 the printer next door has a public address, and behind no router
 * so does this computer.
 */
function ownNetworks(): Network[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return interfaces.flatMap(({ cidr }): Network[] => (cidr ? [ipaddr.parseCIDR(cidr)] : []));
}

/** The embedded IPv4 address. Other wrappings (mapped, 6to4, Teredo) stay, and are refused: no picture needs them. */
function unwrap(address: IPv4 | IPv6): IPv4 | IPv6 {
  if (address.kind() === 'ipv4' || !address.match(TRANSLATED)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}
