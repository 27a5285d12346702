import { signal, type ReadonlySignal } from '@preact/signals';
import type { HostContext } from './hostContext.ts';
import { addLive, addRecent, endsGap, NO_SNAPSHOTS, type RecentSnapshots } from './recentSnapshots.ts';

export interface LiveSnapshots {
  recent: ReadonlySignal<RecentSnapshots>;
  /** Whether the last minutes have been read, so that none being there means something. */
  read: ReadonlySignal<boolean>;
  close(): void;
}

/** What a gap left out is handed in by the agent soon after: when the history is asked for it, in ms. */
const HANDED_IN_MS = [5_000, 60_000];

/**
 * The host's snapshots as they come, and those of the last minutes to begin with and after each loss of the connection.
 *
 * @param onMissed told when the history may have what did not come live
 */
export function followSnapshots(
  { agent, client, services: { link } }: HostContext,
  onMissed: () => void,
): LiveSnapshots {
  const recent = signal<RecentSnapshots>(NO_SNAPSHOTS);
  const read = signal(false);
  const controller = new AbortController();
  const timers = new Set<ReturnType<typeof setTimeout>>();

  function later(ms: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      onMissed();
    }, ms);
    timers.add(timer);
  }
  async function readRecent(): Promise<void> {
    const snapshots = await client.get('/api/metrics/recent', {
      query: { agent },
      signal: controller.signal,
    });
    recent.value = addRecent(recent.peek(), snapshots);
    read.value = true;
  }
  // Where it fails, the connection is lost, too, or the history says why; the next one to come live begins the list.
  const tryToRead = () => void readRecent().catch(() => undefined);

  const ends = [
    link.onSnapshot(agent, (snapshot) => {
      const known = recent.peek();
      if (endsGap(known, snapshot)) HANDED_IN_MS.forEach(later);
      recent.value = addLive(known, snapshot);
    }),
    link.onLive(({ since }) => {
      tryToRead();
      if (since !== undefined) onMissed();
    }),
  ];
  tryToRead();
  return {
    recent,
    read,
    close() {
      for (const end of ends) end();
      for (const timer of timers) clearTimeout(timer);
      controller.abort();
    },
  };
}
