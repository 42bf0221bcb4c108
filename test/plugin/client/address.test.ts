import { expect, test } from 'vitest';
import { readAddress } from '../../../plugin/client/address.ts';
import { ORIGINS } from '../../../plugin/client/server-finder.ts';

test.each([
  ['http://127.0.0.1:7867', 'http://127.0.0.1:7867'],
  [' HTTP://LocalHost:7869/ ', 'http://localhost:7869'],
  ['localhost:7866', 'http://localhost:7866'],
  ['7868', 'http://127.0.0.1:7868'],
])('%j is permitted', (typed, origin) => {
  expect(readAddress(typed, ORIGINS)).toBe(origin);
  expect(readAddress(typed, 'all')).toBe(origin);
});

test.each([
  'https://127.0.0.1:7867',
  '127.0.0.1',
  '9000',
  'http://example.com:7866',
  'http://127.0.0.1:7866@example.com',
])('%j is not listed in the manifest', (typed) => expect(readAddress(typed, ORIGINS)).toBeNull());

test('where the manifest permits everything, an address is still one of this computer', () => {
  expect(readAddress('http://[::1]:9000/', 'all')).toBe('http://[::1]:9000');
  expect(readAddress('ws://localhost:7866', 'all')).toBe('ws://localhost:7866');
  for (const typed of [
    'https://studio.lan:8443/',
    'http://localhost.example.com',
    'http://127.0.0.1:7866@example.com',
    'http://user:secret@studio.lan',
    'http://studio.lan/path',
    'two words',
    'http://',
  ]) {
    expect(readAddress(typed, 'all')).toBeNull();
  }
});
