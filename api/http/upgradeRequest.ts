import { IncomingMessage } from 'node:http';

/**
 * A request that counts as an upgrade only where it asks for a WebSocket. Any other offer, as of `h2c` by curl or Java, is
 * ignored and the request answered (RFC 9110, 7.8): Node would hand it to whoever takes WebSockets, without its body.
 *
 * Node 24.9 has `shouldUpgradeCallback` for this; as there, what a client sends behind such a request without waiting for the
 * answer may be lost.
 */
export class UpgradeRequest extends IncomingMessage {
  /** As the parser found it. Only declared: the base class sets it before a field of ours would be there. */
  declare private isOffered: boolean;

  get upgrade(): boolean {
    if (!this.isOffered) return false;
    return this.method === 'CONNECT' || /(?:^|[\s,])websocket(?:$|[\s,])/i.test(this.headers.upgrade ?? '');
  }

  set upgrade(offered: boolean | null) {
    this.isOffered = offered === true;
  }
}
