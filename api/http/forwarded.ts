import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** One element of `Forwarded`: what one proxy tells, by parameter in lower case (`for`, `proto`, …). */
export type ForwardedElement = ReadonlyMap<string, string>;

/** An address in brackets or without, then a port, which may be obfuscated (RFC 7239, 6). */
const WITH_PORT = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:[\]]*))(?::(?:\d{1,5}|_[\w.-]+))?$/;

/** A zone, which says nothing on another machine. */
const ZONE = /%.+$/;

/** A parameter of `Forwarded` and what ends it. It can match in one way only, so that no header takes long. */
const PARAMETER = /[ \t]*([^\s=,;"]+)=("(?:[^"\\]|\\.)*"|[^\s",;]*)[ \t]*([,;]|$)/gy;

/** In a part of a name between dashes: nobody but a proxy sends such a header, or somebody who is not sure to be none. */
const OF_PROXIES = new RegExp(
  'forward|prox[yi]|(?:^|-)(?:' +
    'via|(?:client|real|remote|user|source|src|true)?-?(?:ip|ips|addr|address)|real|client|cluster|connecting|remote|peer|' +
    'original|originating|rewrite|scheme|https|ssl|tls|' +
    'envoy|nginx|traefik|varnish|cf|cdn|cloudfront|fastly|akamai|azure|appengine|appgw|amz|amzn|arr|fly|vercel' +
    ')(?:-|$)|-host(?:-|$)',
);

/**
 * Reads an address as proxies write it: with a port or without, IPv6 in brackets or without, with a zone, IPv4-mapped.
 *
 * @returns it in its one canonical form, without port and zone; undefined for all that is no address: `unknown`, `_hidden`
 */
export function readAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const bare = canonicalIPv6(text);
  if (bare !== undefined) return bare;
  const { bracketed, plain } = WITH_PORT.exec(text)?.groups ?? {};
  if (bracketed !== undefined) return canonicalIPv6(bracketed);
  return plain !== undefined && isIPv4(plain) ? plain : undefined;
}

function canonicalIPv6(text: string): string | undefined {
  const address = text.replace(ZONE, '');
  return isIPv6(address) ? ipaddr.process(address).toString() : undefined;
}

/** The entries of a header that is a list, repeated or not. */
export function listEntries(header: string | string[]): string[] {
  return [header]
    .flat()
    .join(',')
    .split(',')
    .map((entry) => entry.trim());
}

/** Reads `Forwarded` (RFC 7239). Undefined where any of it cannot be read: what stands beside that could be a part of it. */
export function parseForwarded(header: string): ForwardedElement[] | undefined {
  let element = new Map<string, string>();
  const elements = [element];
  let readChars = 0;
  for (const [whole, name = '', value = '', end] of header.matchAll(PARAMETER)) {
    readChars += whole.length;
    element.set(name.toLowerCase(), unquote(value));
    if (end === ',') elements.push((element = new Map()));
  }
  return readChars === header.length ? elements : undefined;
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}

/**
 * Whether a request came through a proxy, as far as its headers tell. By pattern and generously: whoever is taken for a
 * proxy's client by mistake is asked for a token, and whoever is not would be the operator.
 *
 * @param headers by name in lower case
 */
export function hasProxySign(headers: object): boolean {
  return Object.keys(headers).some((name) => OF_PROXIES.test(name.replaceAll('_', '-')));
}
