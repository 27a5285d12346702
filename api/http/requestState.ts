import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../core/platform/logger.ts';
import type { Access, AgentCaller, Role } from './auth.ts';
import { clientAddress } from './clientAddress.ts';
import type { State } from './context.ts';

export interface RequestStateOptions {
  log: Logger;
  access: Access;
  /** How many own proxies stand in front. */
  trustedHops: number;
}

/**
 * The state of one request. What few requests ask for is worked out when it is asked for: a snapshot needs neither a
 * role nor, unless something goes wrong, a logger of its own.
 */
export class RequestState implements State {
  [key: string]: unknown;
  readonly requestId: string;
  agent?: AgentCaller;
  readonly #request: IncomingMessage;
  readonly #options: RequestStateOptions;
  #log: Logger | undefined;
  #address: string | undefined;
  #role: Role | undefined;

  constructor(requestId: string, request: IncomingMessage, options: RequestStateOptions) {
    this.requestId = requestId;
    this.#request = request;
    this.#options = options;
  }

  get log(): Logger {
    return (this.#log ??= this.#options.log.child({ requestId: this.requestId }));
  }

  get address(): string {
    const { socket, headers } = this.#request;
    return (this.#address ??= clientAddress(socket.remoteAddress, headers, this.#options.trustedHops));
  }

  get role(): Role {
    const { socket, headers } = this.#request;
    return (this.#role ??= this.#options.access.roleOf({ headers, remoteAddress: socket.remoteAddress }));
  }
}
