import { WebSocketServer, type ServerOptions } from 'ws';

/**
 * How long a client has to answer that it is closed, and to read what was sent before; ws gives it 30 s. Whoever is refused
 * once its WebSocket is open holds a descriptor for as long.
 */
export const CLOSE_TIMEOUT_MS = 5_000;

/** What both kinds of live connections are made of; Socket.IO takes it as its `wsEngine`. */
export class PromptWebSocketServer extends WebSocketServer {
  constructor(options: ServerOptions) {
    // Known to ws, not yet to its types.
    super({ ...options, closeTimeout: CLOSE_TIMEOUT_MS } as ServerOptions);
  }
}
