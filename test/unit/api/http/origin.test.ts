import { describe, expect, test } from '@jest/globals';
import { isBehindTls } from '../../../../api/http/origin.ts';

describe('a browser speaks TLS with what stands in front', () => {
  test.each([
    ['as the proxy tells', { 'x-forwarded-proto': 'https' }],
    ['as the first of several proxies tells', { 'x-forwarded-proto': 'https, http' }],
    ['in capitals', { 'x-forwarded-proto': ' HTTPS,http' }],
    ['as Forwarded tells', { forwarded: 'for=1.2.3.4;Proto="https", for=10.0.0.1;proto=http' }],
    ['as the browser itself tells', { host: 'a.example', origin: 'https://a.example' }],
    [
      'as the browser tells, whatever the proxy does',
      { host: 'A.example:443', origin: 'https://a.example', 'x-forwarded-proto': 'http' },
    ],
  ])('%s', (_, headers) => {
    expect(isBehindTls(headers)).toBe(true);
  });

  test.each([
    ['where nothing tells', {}],
    ['where it comes after plain HTTP', { 'x-forwarded-proto': 'http, https' }],
    ['where a later proxy begins it', { forwarded: 'proto=http, proto=https' }],
    ['where that cannot be read', { forwarded: 'proto="https' }],
    [
      'where the browser tells otherwise: it would not keep a secure cookie',
      { host: 'a.example', origin: 'http://a.example', 'x-forwarded-proto': 'https' },
    ],
  ])('not %s', (_, headers) => {
    expect(isBehindTls(headers)).toBe(false);
  });

  test('by the proxy, where the page is another host’s', () => {
    const headers = { host: 'a.example', origin: 'http://b.example', 'x-forwarded-proto': 'https' };
    expect(isBehindTls(headers)).toBe(true);
  });
});
