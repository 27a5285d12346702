import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clientAddress, isLoopback } from '../../../../api/http/clientAddress.ts';
import { agentIdSchema } from '../../../../core/contracts/snapshot.ts';

describe('without a trusted proxy', () => {
  test('the address is that of the connection', () => {
    expect(clientAddress('203.0.113.9', undefined, 0)).toBe('203.0.113.9');
  });

  test('X-Forwarded-For, which anybody can send, is not believed', () => {
    expect(clientAddress('203.0.113.9', '127.0.0.1', 0)).toBe('203.0.113.9');
  });
});

describe('behind one proxy', () => {
  test.each([
    ['the entry the proxy wrote is believed', '198.51.100.7'],
    ['what the client put in front of it is not', '127.0.0.1, 10.0.0.1, 198.51.100.7'],
    ['nor where it is nonsense', '<script>,, 198.51.100.7'],
    ['space does not matter', '127.0.0.1 ,198.51.100.7  '],
  ])('%s', (_, header) => {
    expect(clientAddress('10.0.0.2', header, 1)).toBe('198.51.100.7');
  });

  test.each([
    ['unknown'],
    [''],
    ['127.0.0.1, '],
    ['127.0.0.1, _hidden'],
    ['127.0.0.1, 1.2.3.4.5'],
    ['1.2.3.4:80'],
  ])('an entry that is no address falls back to the connection: %j', (header) => {
    expect(clientAddress('10.0.0.2', header, 1)).toBe('10.0.0.2');
  });

  test('no header at all falls back to the connection', () => {
    expect(clientAddress('10.0.0.2', undefined, 1)).toBe('10.0.0.2');
  });
});

test('behind several proxies the entry is counted from the right, over repeated headers too', () => {
  expect(clientAddress('10.0.0.3', '127.0.0.1, 198.51.100.7, 10.0.0.2', 2)).toBe('198.51.100.7');
  expect(clientAddress('10.0.0.3', ['127.0.0.1, 198.51.100.7', '10.0.0.2'], 2)).toBe('198.51.100.7');
});

test('an address is written one way: without an IPv4-mapped prefix and without a zone', () => {
  expect(clientAddress('::ffff:203.0.113.9', undefined, 0)).toBe('203.0.113.9');
  expect(clientAddress('::FFFF:203.0.113.9', undefined, 0)).toBe('203.0.113.9');
  expect(clientAddress('fe80::1%eth0', undefined, 0)).toBe('fe80::1');
  expect(clientAddress('10.0.0.2', '::ffff:198.51.100.7', 1)).toBe('198.51.100.7');
});

test('a connection that is gone has no address', () => {
  expect(clientAddress(undefined, undefined, 0)).toBe('');
});

test('whatever the header holds, the address can be an agent id', () => {
  const addresses = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string());
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.array(addresses),
      fc.integer({ min: 0, max: 4 }),
      (own, list, hops) => {
        expect(agentIdSchema.safeParse(clientAddress(own, list.join(','), hops)).success).toBe(true);
      },
    ),
  );
});

describe('this machine’s own', () => {
  test.each(['127.0.0.1', '127.8.9.10', '::1'])('%s is', (address) => {
    expect(isLoopback(address)).toBe(true);
  });
  test.each([
    '',
    '10.0.0.1',
    '127.evil.example',
    '128.0.0.1',
    '::2',
    '0.0.0.0',
    '127.0.0.1.example',
    'localhost',
  ])('%j is not', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});
