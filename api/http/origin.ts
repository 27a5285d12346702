import type { IncomingHttpHeaders } from 'node:http';
import { listEntries, parseForwarded } from './forwarded.ts';

/** Scheme, then host and port; nothing that would make a path or a user of a part of it. */
const ORIGIN = /^(https?:)\/\/([^\s/?#@\\]+)$/i;

/**
 * An origin as it is compared: in small letters, without the scheme's own port and the dot that may end a full name.
 *
 * @returns undefined for what is no origin of a page
 */
export function canonicalOrigin(origin: string): string | undefined {
  if (!ORIGIN.test(origin) || !URL.canParse(origin)) return undefined;
  const { protocol, hostname, port } = new URL(origin);
  return `${protocol}//${hostname.replace(/\.$/, '')}:${port}`;
}

/** Whether a page's origin is one of those. */
export function isNamedOrigin(origin: string, named: readonly string[]): boolean {
  const page = canonicalOrigin(origin);
  return page !== undefined && named.some((one) => canonicalOrigin(one) === page);
}

/** Whether a page came from the host it asks. Its scheme is believed: a proxy with TLS in front speaks plain HTTP with us. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const scheme = ORIGIN.exec(origin)?.[1];
  return host !== undefined && isNamedOrigin(origin, [`${scheme}//${host}`]);
}

/** The name or address in a Host header, without brackets; undefined where there is none. */
export function hostnameOf(host: string | undefined): string | undefined {
  const origin = canonicalOrigin(`http://${host ?? ''}`);
  return origin === undefined ? undefined : new URL(origin).hostname.replace(/^\[|\]$/g, '');
}

/**
 * Whether the browser speaks TLS with whatever stands in front of us. It knows best itself: `Origin` is what a page sends
 * that signs in. Else the first entry says it, which the proxy nearest to the browser wrote. A client that makes one up
 * only decides how well its own cookie is kept.
 */
export function isBehindTls(headers: IncomingHttpHeaders): boolean {
  const { origin, host, forwarded } = headers;
  if (origin !== undefined && isOwnOrigin(origin, host)) return /^https:/i.test(origin);
  const told = headers['x-forwarded-proto'];
  const protocol =
    told === undefined ? parseForwarded(forwarded ?? '')?.[0]?.get('proto') : listEntries(told)[0];
  return protocol?.toLowerCase() === 'https';
}
