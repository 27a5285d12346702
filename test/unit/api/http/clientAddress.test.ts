import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clientAddress, isLoopback, UNKNOWN_ADDRESS } from '../../../../api/http/clientAddress.ts';
import { agentIdSchema } from '../../../../core/contracts/snapshot.ts';

const forwardedFor = (header: string) => ({ 'x-forwarded-for': header });

describe('without a trusted proxy', () => {
  test('the address is that of the connection', () => {
    expect(clientAddress('203.0.113.9', {}, 0)).toBe('203.0.113.9');
  });

  test('what is forwarded, which anybody can send, is not believed', () => {
    const headers = { ...forwardedFor('127.0.0.1'), forwarded: 'for=127.0.0.1' };
    expect(clientAddress('203.0.113.9', headers, 0)).toBe('203.0.113.9');
  });
});

describe('behind one proxy', () => {
  test.each([
    ['the entry the proxy wrote is believed', '198.51.100.7'],
    ['what the client put in front of it is not', '127.0.0.1, 10.0.0.1, 198.51.100.7'],
    ['nor where it is nonsense', '<script>,, 198.51.100.7'],
    ['space does not matter', '127.0.0.1 ,198.51.100.7  '],
    ['nor does a port', '198.51.100.7:51234'],
  ])('%s', (_, header) => {
    expect(clientAddress('10.0.0.2', forwardedFor(header), 1)).toBe('198.51.100.7');
  });

  test.each([['unknown'], [''], ['127.0.0.1, '], ['127.0.0.1, _hidden'], ['127.0.0.1, 1.2.3.4.5']])(
    'an entry that is no address is nobody’s, and not the proxy’s: %j',
    (header) => {
      expect(clientAddress('127.0.0.1', forwardedFor(header), 1)).toBe(UNKNOWN_ADDRESS);
    },
  );

  test.each([
    ['the entry the proxy wrote', 'for=127.0.0.1, for=198.51.100.7;proto=https', '198.51.100.7'],
    ['with brackets and port', 'for="[2001:DB8::7]:51234"', '2001:db8::7'],
    ['hidden', 'for=_secret', UNKNOWN_ADDRESS],
    ['not told', 'proto=https', UNKNOWN_ADDRESS],
    ['not to be read, as a quote of the client holds it', 'for="x, for=198.51.100.7', UNKNOWN_ADDRESS],
  ])('Forwarded is read like X-Forwarded-For: %s', (_, forwarded, address) => {
    expect(clientAddress('127.0.0.1', { forwarded }, 1)).toBe(address);
  });

  test('two headers have to say the same: which of them the proxy wrote nobody knows', () => {
    const both = (one: string, other: string) =>
      clientAddress('10.0.0.2', { ...forwardedFor(one), forwarded: `for="${other}"` }, 1);
    expect(both('2001:db8:0::7', '[2001:DB8::7]:443')).toBe('2001:db8::7');
    expect(both('198.51.100.7', '198.51.100.8')).toBe(UNKNOWN_ADDRESS);
    expect(both('198.51.100.7', 'unknown')).toBe(UNKNOWN_ADDRESS);
    expect(both('unknown', '127.0.0.1')).toBe(UNKNOWN_ADDRESS);
  });

  test('no header at all is a client that asks past the proxy', () => {
    expect(clientAddress('10.0.0.2', {}, 1)).toBe('10.0.0.2');
  });

  test('a proxy that shows without telling of its client makes it nobody', () => {
    expect(clientAddress('127.0.0.1', { via: '1.1 proxy' }, 1)).toBe(UNKNOWN_ADDRESS);
    expect(clientAddress('127.0.0.1', { 'x-real-ip': '198.51.100.7' }, 1)).toBe(UNKNOWN_ADDRESS);
  });
});

test('behind several proxies the entry is counted from the right, over repeated headers too', () => {
  const repeated = { 'x-forwarded-for': ['127.0.0.1, 198.51.100.7', '10.0.0.2'] as unknown as string };
  expect(clientAddress('10.0.0.3', forwardedFor('127.0.0.1, 198.51.100.7, 10.0.0.2'), 2)).toBe(
    '198.51.100.7',
  );
  expect(clientAddress('10.0.0.3', repeated, 2)).toBe('198.51.100.7');
  expect(clientAddress('10.0.0.3', { forwarded: 'for=127.0.0.1, for=198.51.100.7, for=10.0.0.2' }, 2)).toBe(
    '198.51.100.7',
  );
});

test('an address is written one way: without an IPv4-mapped prefix and without a zone', () => {
  expect(clientAddress('::ffff:203.0.113.9', {}, 0)).toBe('203.0.113.9');
  expect(clientAddress('::FFFF:203.0.113.9', {}, 0)).toBe('203.0.113.9');
  expect(clientAddress('fe80::1%eth0', {}, 0)).toBe('fe80::1');
  expect(clientAddress('10.0.0.2', forwardedFor('::ffff:198.51.100.7'), 1)).toBe('198.51.100.7');
});

test('a connection that is gone has no address', () => {
  expect(clientAddress(undefined, {}, 0)).toBe('');
});

test('whatever the headers hold, the address can be an agent id', () => {
  const addresses = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string());
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.record(
        { 'x-forwarded-for': fc.array(addresses).map((list) => list.join(',')), forwarded: addresses },
        { requiredKeys: [] },
      ),
      fc.integer({ min: 0, max: 4 }),
      (own, headers, hops) => {
        expect(agentIdSchema.safeParse(clientAddress(own, headers, hops)).success).toBe(true);
      },
    ),
  );
});

test('what the proxy did not write in a way that can be read is never this machine', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 4 }), (header, hops) => {
      fc.pre(!/127\.|::1/.test(header));
      expect(isLoopback(clientAddress('127.0.0.1', forwardedFor(header), hops))).toBe(false);
      expect(isLoopback(clientAddress('127.0.0.1', { forwarded: header }, hops))).toBe(false);
    }),
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
