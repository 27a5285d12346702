import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasProxySign, parseForwarded, readAddress } from '../../../../api/http/forwarded.ts';

describe('an address', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:51234', '203.0.113.9'],
    ['203.0.113.9:_hidden', '203.0.113.9'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[fe80::1%25eth0]:443', 'fe80::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:cb00:7109', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:80', '203.0.113.9'],
  ])('%s is %s', (text, address) => {
    expect(readAddress(text)).toBe(address);
  });

  test.each([
    '',
    'unknown',
    'unknown:80',
    '_hidden',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '0127.0.0.1',
    '1.2.3.4:',
    '1.2.3.4:x',
    '1.2.3.4:123456',
    '[1.2.3.4]',
    '[::1',
    '::1]',
    '[::1]x',
    '[]',
    '%eth0',
    '"1.2.3.4"',
    '1.2.3.4, 5.6.7.8',
  ])('%j is none', (text) => {
    expect(readAddress(text)).toBeUndefined();
  });

  test('has one spelling, which reads as itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const spelling = readAddress(address) ?? '';
        expect(readAddress(spelling)).toBe(spelling);
        expect(readAddress(address.toUpperCase())).toBe(spelling);
        expect(readAddress(address.includes(':') ? `[${address}]:1` : `${address}:1`)).toBe(spelling);
      }),
    );
  });
});

describe('Forwarded', () => {
  const parsed = (header: string) => parseForwarded(header)?.map((element) => Object.fromEntries(element));

  test.each([
    ['for=192.0.2.43', [{ for: '192.0.2.43' }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ for: '[2001:db8:cafe::17]:4711' }]],
    [
      'for=192.0.2.60;proto=http; by=203.0.113.43',
      [{ for: '192.0.2.60', proto: 'http', by: '203.0.113.43' }],
    ],
    ['for=192.0.2.43, for=unknown', [{ for: '192.0.2.43' }, { for: 'unknown' }]],
    ['for="_mdn,\\";x"', [{ for: '_mdn,";x' }]],
    ['for=_SEVKISEK ,\tFOR=1.2.3.4', [{ for: '_SEVKISEK' }, { for: '1.2.3.4' }]],
    ['proto=https', [{ proto: 'https' }]],
  ])('%s is read', (header, elements) => {
    expect(parsed(header)).toEqual(elements);
  });

  test.each(['for', 'for=1.2.3.4 x', 'for="1.2.3.4', 'for=", for=1.2.3.4', ';', 'for = 1.2.3.4', '1.2.3.4'])(
    '%s is not',
    (header) => {
      expect(parsed(header)).toBeUndefined();
    },
  );

  test('takes no long time, however it is made', () => {
    for (const part of ['"', 'a="', '\\', 'a=b;', 'a="\\"', ' ', '\t,', 'a'])
      parseForwarded(part.repeat(16_000));
  });

  test('holds what was written into it', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (values) => {
        const header = values.map((value) => `for="${value.replaceAll(/["\\]/g, '\\$&')}"`).join(', ');
        expect(parseForwarded(header)?.map((element) => element.get('for'))).toEqual(values);
      }),
    );
  });
});

describe('a proxy shows', () => {
  test.each([
    'x-forwarded-for',
    'x-forwarded-port',
    'x-forwarded-server',
    'x-forwarded-prefix',
    'x-forwarded',
    'forwarded-for',
    'forwarded',
    'max-forwards',
    'x-original-forwarded-for',
    'x-original-url',
    'x-original-host',
    'x-rewrite-url',
    'x-host',
    'x-real-ip',
    'x_real_ip',
    'x-client-ip',
    'x-clientip',
    'client-ip',
    'true-client-ip',
    'x-cluster-client-ip',
    'x-originating-ip',
    'x-remote-ip',
    'x-remote-addr',
    'x-proxyuser-ip',
    'proxy-connection',
    'via',
    'cf-connecting-ip',
    'cf-ray',
    'cdn-loop',
    'fastly-client-ip',
    'fly-client-ip',
    'x-azure-clientip',
    'x-azure-socketip',
    'x-appengine-user-ip',
    'x-appgw-trace-id',
    'x-amzn-trace-id',
    'x-amz-cf-id',
    'cloudfront-forwarded-proto',
    'x-envoy-external-address',
    'x-arr-ssl',
    'x-scheme',
    'x-url-scheme',
    'front-end-https',
    'x-nginx-proxy',
    'ssl-client-verify',
    'x-varnish',
  ])('by %s', (name) => {
    expect(hasProxySign({ host: 'localhost', [name]: '' })).toBe(true);
  });

  test('not by what browsers and tools send', () => {
    const sent = [
      'accept accept-charset accept-encoding accept-language access-control-request-headers',
      'access-control-request-method authorization cache-control connection content-length content-type cookie date dnt',
      'expect host http2-settings if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive',
      'last-event-id origin pragma priority purpose range referer save-data sec-ch-ua sec-ch-ua-mobile',
      'sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-purpose',
      'sec-websocket-extensions sec-websocket-key sec-websocket-protocol sec-websocket-version te traceparent',
      'tracestate trailer transfer-encoding upgrade upgrade-insecure-requests user-agent x-agent-id x-agent-labels',
      'x-agent-token x-csrf-token x-http-method-override x-request-id x-requested-with',
    ].flatMap((line) => line.split(' '));
    for (const name of sent) expect([name, hasProxySign({ [name]: '' })]).toEqual([name, false]);
  });
});
