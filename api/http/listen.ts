import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../core/config.ts';
import { StartError } from '../../core/errors.ts';
import { guardRequests } from './requestGuard.ts';
import { UpgradeRequest } from './upgradeRequest.ts';

/** Limits on slow senders, in ms: headers, then the whole request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** Longer than a usual proxy keeps an idle connection, so that it never sends on one we just closed. */
const KEEP_ALIVE_MS = 75_000;

/** A server that hands requests to the app, if they are what the app can take. */
export function createHttpServer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Server {
  const server = createServer({ requireHostHeader: false, IncomingMessage: UpgradeRequest });
  guardRequests(server, answer);
  return Object.assign(server, {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Of more than a thousand Node drops the last ones, which are those of the proxies; their bytes are limited anyway.
    maxHeadersCount: 0,
  });
}

/**
 * Opens the port.
 *
 * @returns the address, as somebody on this machine would type it
 * @throws {StartError} that says what to set where it cannot be opened
 */
export function listen(server: Server, { host, port }: Config['http']): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: `port ${port} is taken: stop what uses it, or set PORT to another one`,
        EACCES: `port ${port} needs more rights: set PORT to one above 1023`,
        EADDRNOTAVAIL: `this machine does not have the address ${host}: set HOST to one it has`,
        ENOTFOUND: `the address ${host} is not known: set HOST to one this machine has`,
      };
      reject(
        new StartError(`Cannot listen on ${host}:${port}: ${reasons[error.code ?? ''] ?? error.message}`),
      );
    });
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      const name =
        host === '0.0.0.0' || host === '::'
          ? 'localhost'
          : address.family === 'IPv6'
            ? `[${address.address}]`
            : host;
      resolve(`http://${name}:${address.port}`);
    });
  });
}
