import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What ALERT_ALLOWED_HOSTS names: hosts, and addresses or ranges of them. */
export interface AllowedHosts {
  names: ReadonlySet<string>;
  addresses: readonly string[];
}

/** @param allowed host names, addresses, or ranges of addresses as `10.0.0.0/8`; in lower case */
export function sortHosts(allowed: readonly string[]): AllowedHosts {
  const addresses = allowed.filter((one) => isIP(one) !== 0 || one.includes('/'));
  return { names: new Set(allowed.filter((one) => !addresses.includes(one))), addresses };
}

/** Why no message goes to an address that is not one of the internet. */
export function addressRefusal(address: string): string {
  return `${address} is not an address of the internet: name its host in ALERT_ALLOWED_HOSTS where it is meant`;
}

/**
 * Says of a host that is an address whether messages may go there, as whoever connects decides it once more
 * (workers/deliver/filteredAgents). Where a name leads is only known then.
 *
 * @returns why not; undefined for what is allowed, and for every name
 */
export function refusalOfHost(host: string, { addresses }: AllowedHosts): string | undefined {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0) return undefined;
  const parsed = ipaddr.parse(address);
  const isAllowed = addresses.some((one) => one === address || isInRange(parsed, one));
  return isAllowed || parsed.range() === 'unicast' ? undefined : addressRefusal(address);
}

function isInRange(address: ipaddr.IPv4 | ipaddr.IPv6, range: string): boolean {
  if (!ipaddr.isValidCIDR(range)) return false;
  const [base, bits] = ipaddr.parseCIDR(range);
  return base.kind() === address.kind() && address.match([base, bits]);
}
