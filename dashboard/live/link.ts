import { batch, signal, type ReadonlySignal } from '@preact/signals';
import { io } from 'socket.io-client';
import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import type { AgentStateEvent, FleetLine, LiveSnapshot } from '../../core/contracts/live.ts';
import { createListeners } from './listeners.ts';
import { watchPulse, type LiveSocket } from './pulse.ts';
import { createSubscriptions } from './subscriptions.ts';

/** `lost`: it was live, or ought to be by now, and will be again; until then nothing on the page is. */
export type LinkState = 'connecting' | 'live' | 'lost';

/** Told when the link is live: what came between `since` and now was not heard, and is to be asked of the API. */
export interface Resumed {
  /** Epoch ms, by the server's clock, until which nothing was missed; undefined the first time. */
  since: number | undefined;
}

/** The one live connection of the page. Each `on…` gives back what ends it. */
export interface Link {
  state: ReadonlySignal<LinkState>;
  /** Epoch ms, by the server's clock, at which it was lost; undefined while it is live. */
  lostAt: ReadonlySignal<number | undefined>;
  onLive(listener: (resumed: Resumed) => void): () => void;
  /** Once a second, a line for each agent that reported. */
  onFleet(listener: (lines: FleetLine[]) => void): () => void;
  onAgentStates(listener: (changes: AgentStateEvent[]) => void): () => void;
  /** What became of alerts of any rule. One may come twice: its revision tells. */
  onAlertChanges(listener: (changes: AlertChange[]) => void): () => void;
  /** The snapshots of one agent, for as long as somebody listens. */
  onSnapshot(agent: string, listener: (snapshot: LiveSnapshot) => void): () => void;
  open(): void;
  /** A new connection, as whoever one is by now: after signing in or out. */
  reopen(): void;
  close(): void;
}

export interface LinkOptions {
  /** The origin of the service. */
  url: string;
  nowMs: () => number;
  /** Told when the server does not let us in. */
  onUnauthorized: () => void;
  /** Tells when this machine has no network. */
  network: EventTarget;
}

/** How long the next try waits at first and at most, and how long a try may take, in ms. */
const RETRY_MS = { reconnectionDelay: 300, reconnectionDelayMax: 4_000, timeout: 6_000 };

export function createLink({ url, nowMs, onUnauthorized, network }: LinkOptions): Link {
  const state = signal<LinkState>('connecting');
  const lostAt = signal<number | undefined>(undefined);
  const live = createListeners<[Resumed]>();
  const fleet = createListeners<[FleetLine[]]>();
  const states = createListeners<[AgentStateEvent[]]>();
  const alertChanges = createListeners<[AlertChange[]]>();
  const snapshots = createListeners<[LiveSnapshot]>();
  const subscriptions = createSubscriptions();
  const socket: LiveSocket = io(url, { transports: ['websocket'], autoConnect: false, ...RETRY_MS });
  const pulse = watchPulse(socket, { network, onSilence: loseSinceLastHeard });

  function lose(at: number): void {
    if (state.peek() === 'lost') return;
    batch(() => {
      lostAt.value = at;
      state.value = 'lost';
    });
  }
  /** What came until the last sign of life was heard; what was sent since then may not have been. */
  function loseSinceLastHeard(): void {
    if (state.peek() === 'live') lose(nowMs() - pulse.silentMs());
  }
  function tellServer(event: 'subscribe' | 'unsubscribe', agents: string[]): void {
    if (socket.connected && agents.length > 0) socket.emit(event, { agents });
  }

  socket.on('connect', () => {
    tellServer('subscribe', subscriptions.all());
    const since = lostAt.peek();
    batch(() => {
      lostAt.value = undefined;
      state.value = 'live';
    });
    live.emit({ since });
  });
  socket.on('disconnect', (reason) => {
    loseSinceLastHeard();
    // The library takes the server's word for it and stays away; a server that stops will be back.
    if (reason === 'io server disconnect') setTimeout(() => socket.connect(), RETRY_MS.reconnectionDelay);
  });
  socket.on('connect_error', (error) => {
    if (error.message.startsWith('Unauthorized')) onUnauthorized();
    else if (state.peek() === 'connecting') lose(nowMs());
  });
  socket.on('fleet', fleet.emit);
  socket.on('agent_states', states.emit);
  socket.on('alert_changes', alertChanges.emit);
  socket.on('snapshot', snapshots.emit);

  return {
    state,
    lostAt,
    onLive: live.add,
    onFleet: fleet.add,
    onAgentStates: states.add,
    onAlertChanges: alertChanges.add,
    onSnapshot(agent, listener) {
      const end = snapshots.add((snapshot) => {
        if (snapshot.agent_id === agent) listener(snapshot);
      });
      if (subscriptions.add(agent)) tellServer('subscribe', [agent]);
      return () => {
        end();
        if (subscriptions.remove(agent)) tellServer('unsubscribe', [agent]);
      };
    },
    open: () => void socket.connect(),
    reopen() {
      socket.disconnect();
      batch(() => {
        lostAt.value = undefined;
        state.value = 'connecting';
      });
      socket.connect();
    },
    close() {
      pulse.close();
      socket.disconnect();
    },
  };
}
