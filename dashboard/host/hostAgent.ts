import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { Agent } from '../../core/contracts/agents.ts';
import type { HostContext } from './hostContext.ts';
import type { RecentSnapshots } from './recentSnapshots.ts';
import { createResource, isWithoutHistory } from './resource.ts';

/** Who the host is, and whether it reports. */
export interface HostAgent {
  agent: ReadonlySignal<Agent | undefined>;
  /** Nobody has ever heard of it. */
  unknown: ReadonlySignal<boolean>;
  /** Epoch seconds at which it was last heard of, by the server's clock. */
  lastSeen: ReadonlySignal<number | undefined>;
  /** Reads it again: it was changed. */
  refresh(): void;
  close(): void;
}

/** How often labels, names and the clock's skew are looked at again, in ms: they hardly change. */
const AGAIN_MS = 60_000;

export function followAgent(
  { agent: id, client, services, withoutHistory }: HostContext,
  recent: ReadonlySignal<RecentSnapshots>,
): HostAgent {
  const answer = createResource<Agent>((error) => {
    if (isWithoutHistory(error)) withoutHistory.value = error.message;
  });
  const change = signal<Pick<Agent, 'state' | 'last_seen'> | undefined>(undefined);
  /** By the server's clock: when the newest snapshot came in here. */
  const heard = signal<number | undefined>(undefined);
  const refresh = () =>
    answer.read((signal) => client.get('/api/agents/:id', { params: { id }, signal }), { quiet: true });
  const agent = computed(() => {
    const read = answer.value.value;
    return read === undefined ? undefined : { ...read, ...change.value };
  });
  const ends = [
    services.link.onAgentStates((changes) => {
      const own = changes.findLast(({ agent_id }) => agent_id === id);
      if (own === undefined) return;
      change.value = own;
      if (answer.value.peek() === undefined) refresh();
    }),
    services.link.onSnapshot(id, () => void (heard.value = Math.floor(services.clock.nowMs() / 1000))),
    services.link.onLive(() => refresh()),
  ];
  refresh();
  const timer = setInterval(() => {
    if (!document.hidden && withoutHistory.peek() === undefined) refresh();
  }, AGAIN_MS);
  return {
    agent,
    unknown: computed(() => answer.error.value?.status === 404 && recent.value.snapshots.length === 0),
    lastSeen: computed(
      () => heard.value ?? agent.value?.last_seen ?? recent.value.snapshots.at(-1)?.timestamp,
    ),
    refresh,
    close() {
      for (const end of ends) end();
      clearInterval(timer);
      answer.close();
    },
  };
}
