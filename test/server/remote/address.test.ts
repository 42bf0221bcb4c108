import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { isPublic } from '../../../server/remote/address.ts';

describe('isPublic', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '192.167.255.255',
    '126.255.255.255',
    '128.0.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    // A network without IPv4 reaches 8.8.8.8 this way.
    '64:ff9b::808:808',
    '64:ff9b::8.8.8.8',
  ])('%s is', (address) => {
    expect(isPublic(address, [])).toBe(true);
  });

  it.each([
    ['this network', ['0.0.0.0', '0.1.2.3', '::']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fc00::1', 'fd12:3456::1', 'fec0::1']],
    ['carrier-grade NAT', ['100.64.0.1', '100.127.255.255']],
    ['link-local', ['169.254.0.1', '169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'febf::1']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1', 'ff0e::1']],
    ['documentation and tests', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1']],
    ['reserved', ['240.0.0.1', '192.0.0.1', '192.88.99.1', '4000::1', '5f00::1', 'e000::1', '100::1']],
    ['mapped and compatible', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::127.0.0.1', '::7f00:1']],
    ['mapped, though public', ['::ffff:8.8.8.8', '::8.8.8.8', '::ffff:0:8.8.8.8']],
    ['translated', ['64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b::169.254.169.254', '64:ff9b:1::7f00:1']],
    ['6to4 and Teredo', ['2002:7f00:1::', '2002:c0a8:101::1', '2002:808:808::1', '2001:0:7f00:1::1', '2001::1']],
    ['not an address', ['', 'localhost', '1', '127.1', '010.8.8.8', '0x8.8.8.8', '8.8.8.8 ', '8.8.8.8/8', '[::1]']],
  ])('%s is not', (_name, addresses) => {
    expect(addresses.filter((address) => isPublic(address, []))).toEqual([]);
  });

  it('agrees with the borders of every private range of IPv4', () => {
    const number = (address: string) => address.split('.').reduce((n, part) => n * 256 + Number(part), 0);
    const text = (n: number) => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.');
    const closed = ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];
    for (const cidr of closed) {
      const [start = '', bits] = cidr.split('/');
      const first = number(start);
      const last = first + 2 ** (32 - Number(bits)) - 1;
      expect([first - 1, first, last, last + 1].map((n) => isPublic(text(n), []))).toEqual([true, false, false, true]);
    }
  });

  it('leaves out the networks of this computer, whatever their addresses', () => {
    const own = [ipaddr.parseCIDR('2a00:1:2:3::5/64'), ipaddr.parseCIDR('8.8.4.4/24')];
    expect(['2a00:1:2:3::1', '2a00:1:2:3:ffff::', '8.8.4.8'].map((address) => isPublic(address, own))).toEqual([
      false,
      false,
      false,
    ]);
    expect(['2a00:1:2:4::1', '8.8.5.4'].map((address) => isPublic(address, own))).toEqual([true, true]);
    const mine = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    expect(mine.filter(({ address }) => isPublic(address))).toEqual([]);
  });
});
