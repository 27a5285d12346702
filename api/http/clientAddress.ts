import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';
import { hasProxySign, listEntries, parseForwarded, readAddress } from './forwarded.ts';

/** Whose address no trusted proxy tells in a way that can be read. They share one limit, and are on no machine. */
export const UNKNOWN_ADDRESS = 'unknown';

/**
 * The address of whoever is at the other end, in its canonical form: without port, zone and IPv4-mapped prefix.
 *
 * Of `X-Forwarded-For` and `Forwarded` only the entries are believed that the configured number of own proxies wrote,
 * counted from the right: everything further left is the client's to invent. A proxy writes one of the two and may pass
 * the other on as the client sent it, so that two that differ tell nothing.
 *
 * @param remoteAddress of the TCP connection
 * @param trustedHops how many own proxies stand in front (`TRUST_PROXY`)
 * @returns `UNKNOWN_ADDRESS` where a proxy stands in between and tells no address; empty where the connection is gone
 */
export function clientAddress(
  remoteAddress: string | undefined,
  headers: IncomingHttpHeaders,
  trustedHops: number,
): string {
  const connection = readAddress(remoteAddress ?? '') ?? '';
  if (trustedHops === 0) return connection;
  const claims = claimsOf(headers).map((hops) => readAddress(hops.slice(-trustedHops)[0] ?? ''));
  const [claimed] = claims;
  if (claims.length === 0) return hasProxySign(headers) ? UNKNOWN_ADDRESS : connection;
  return claimed !== undefined && claims.every((other) => other === claimed) ? claimed : UNKNOWN_ADDRESS;
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

/** Of each header that tells the way of a request, who asked whom, the client first. */
function claimsOf({ 'x-forwarded-for': forwardedFor, forwarded }: IncomingHttpHeaders): string[][] {
  const claims = [];
  if (forwardedFor !== undefined) claims.push(listEntries(forwardedFor));
  if (forwarded !== undefined)
    claims.push((parseForwarded(forwarded) ?? []).map((element) => element.get('for') ?? ''));
  return claims;
}
