import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { addressRefusal, sortHosts } from '../../core/platform/allowedHosts.ts';

/**
 * Connections to where messages go. An address in a private network, on this machine or of the link is refused, also where
 * a name leads to it, unless it is allowed: whoever may make a channel may not reach what only this machine reaches.
 */
export interface Connections {
  agentFor(url: URL): HttpAgent;
  /** A TCP connection that is being made. */
  connect(host: string, port: number): Socket;
  close(): void;
}

/** @param allowed host names, addresses, or ranges of addresses as `10.0.0.0/8` */
export function createConnections(allowed: readonly string[]): Connections {
  const { names, addresses } = sortHosts(allowed);
  const own = { keepAlive: true, maxFreeSockets: 32 };
  const filtered = { ...own, allowIPAddressList: [...addresses] };
  const agents = {
    http: new RequestFilteringHttpAgent(filtered),
    https: new RequestFilteringHttpsAgent(filtered),
    trustedHttp: new HttpAgent(own),
    trustedHttps: new HttpsAgent(own),
  };
  const trusts = (host: string) => names.has(host.toLowerCase());
  return {
    agentFor({ protocol, hostname }) {
      if (trusts(hostname)) return protocol === 'https:' ? agents.trustedHttps : agents.trustedHttp;
      return protocol === 'https:' ? agents.https : agents.http;
    },
    connect(host, port) {
      const agent = trusts(host) ? agents.trustedHttp : agents.http;
      return agent.createConnection({ host, port }) as Socket;
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** What the filter says of an address it refuses; undefined for any other fault. */
export function refusalOf(reason: string): string | undefined {
  const [, address] = /^DNS lookup (\S+?)\(.*\) is not allowed\. Because,? /.exec(reason) ?? [];
  return address === undefined ? undefined : addressRefusal(address);
}
