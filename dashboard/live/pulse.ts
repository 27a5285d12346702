import type { Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../../core/contracts/live.ts';

export type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** After this many ms without a word the server is asked whether it is there, and after as many again given up. */
const PATIENCE_MS = 4_000;

/** Names no agent: leaving its room changes nothing, and the server acknowledges it. */
const NOBODY = ':';

export interface Pulse {
  /** How long nothing has been heard, in ms. */
  silentMs(): number;
  close(): void;
}

/**
 * Notices a connection that is dead without having been closed, as after a suspended machine or a lost network: Socket.IO
 * by itself does so after 45 s, which is far too long to pass for live.
 */
export function watchPulse(
  socket: LiveSocket,
  { network, onSilence }: { network: EventTarget; onSilence: () => void },
): Pulse {
  let heardAt = performance.now();
  let asking = false;
  const heard = () => void (heardAt = performance.now());
  const silentMs = () => performance.now() - heardAt;

  function giveUp(): void {
    onSilence();
    // Closes the connection without waiting for an answer, whereupon the library begins anew.
    socket.io.engine.close();
  }
  function check(): void {
    if (!socket.connected || asking || silentMs() < PATIENCE_MS) return;
    asking = true;
    const answered = socket.timeout(PATIENCE_MS).emitWithAck('unsubscribe', { agents: [NOBODY] });
    answered
      .then(heard, () => {
        if (socket.connected) giveUp();
      })
      .finally(() => (asking = false));
  }
  const onOffline = () => {
    if (socket.connected) giveUp();
  };
  socket.on('connect', heard);
  socket.onAny(heard);
  const timer = setInterval(check, 1_000);
  network.addEventListener('offline', onOffline);
  return {
    silentMs,
    close() {
      clearInterval(timer);
      network.removeEventListener('offline', onOffline);
    },
  };
}
