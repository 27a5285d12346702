import { isIPv4, isIPv6 } from 'node:net';

/**
 * The address of whoever is at the other end, as text without an IPv4-mapped prefix.
 *
 * Of `X-Forwarded-For` only the entries are believed that the configured number of own proxies wrote, counted from the
 * right: everything further left is the client's to invent.
 *
 * @param remoteAddress of the TCP connection
 * @param forwardedFor the header as it came
 * @param trustedHops how many own proxies stand in front (`TRUST_PROXY`)
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: string | string[] | undefined,
  trustedHops: number,
): string {
  const connection = plain(remoteAddress ?? '');
  if (trustedHops === 0 || forwardedFor === undefined) return connection;
  const entries = [forwardedFor]
    .flat()
    .join(',')
    .split(',')
    .map((entry) => plain(entry.trim()));
  const claimed = entries.slice(-trustedHops)[0] ?? '';
  return isIPv4(claimed) || isIPv6(claimed) ? claimed : connection;
}

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

/** Without the prefix of an IPv4-mapped address and the zone of a link-local one, which an agent id cannot hold. */
function plain(address: string): string {
  const [withoutZone = ''] = address.split('%');
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1] ?? withoutZone;
}
