import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../core/config.ts';
import { StartError } from '../../core/errors.ts';

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
