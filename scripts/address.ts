import { createServer } from 'node:net';
import { messageOf, StartError } from '../core/errors.ts';

export interface Address {
  host: string;
  port: number;
}

/**
 * Tries to listen where the API will: better to say it before the stores are started than after.
 *
 * @throws {StartError} naming the variable to change
 */
export function assertPortIsFree({ host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartError(explain(error, { host, port }), { cause: error }));
    });
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}

function explain(error: NodeJS.ErrnoException, { host, port }: Address): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken by another program. Choose another: PORT=${port + 1} npm start`;
    case 'EACCES':
      return `Port ${port} may not be opened by this user. Choose one above 1023: PORT=8000 npm start`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST (${JSON.stringify(host)}) is no address of this machine. Leave it out to listen on all of them.`;
    case undefined:
    default:
      return `HOST ${host}, PORT ${port} cannot be listened on: ${messageOf(error)}`;
  }
}

/** Where this machine reaches the API: an address that stands for all of them is not one to connect to. */
export function reachableUrl({ host, port }: Address, told: string | undefined): string {
  const actual = told !== undefined && URL.canParse(told) ? Number(new URL(told).port) || port : port;
  const name = ['0.0.0.0', '::', ''].includes(host) ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${actual}`;
}
