import { batch, computed, signal, type ReadonlySignal } from '@preact/signals';
import type { AlertEvent } from '../../core/contracts/alert.ts';
import { ApiError } from '../client/request.ts';
import type { Services } from '../services.tsx';
import { itemOf, listsOf, merged, type AlertItem, type AlertLists, type LatestCpu } from './alertItem.ts';

/** Longest the API looks back, in minutes. */
export const MOST_MINUTES = 1_440;

/** The alerts of the last while, kept up to date: the only part of the page that knows how the API tells them. */
export interface AlertFeed {
  /** Undefined until the API has answered. */
  lists: ReadonlySignal<AlertLists | undefined>;
  /** Why the API did not answer; undefined while it does. */
  fault: ReadonlySignal<string | undefined>;
  close(): void;
}

export function openAlertFeed(
  { api, link, clock }: Pick<Services, 'api' | 'link' | 'clock'>,
  minutes: number,
): AlertFeed {
  const items = signal<AlertItem[] | undefined>(undefined);
  const fault = signal<string | undefined>(undefined);
  const latestOf = signal<ReadonlyMap<string, LatestCpu>>(new Map());
  const ended = new AbortController();
  const since = () => Math.floor(clock.nowMs() / 1000) - minutes * 60;

  async function load(): Promise<void> {
    try {
      const path = `/api/alerts/recent?minutes=${minutes}`;
      const events = await api.request<AlertEvent[]>(path, { signal: ended.signal });
      batch(() => {
        items.value = merged(items.peek() ?? [], events.map(itemOf), since());
        fault.value = undefined;
      });
    } catch (error) {
      if (ended.signal.aborted) return;
      fault.value = error instanceof ApiError ? error.message : String(error);
    }
  }

  const ends = [
    // What came while there was no connection was heard by nobody: ask again whenever there is one.
    link.onLive(() => void load()),
    link.onAlert((event) => {
      items.value = merged(items.peek() ?? [], [itemOf(event)], since());
    }),
    link.onFleet((lines) => {
      const hosts = new Set(items.peek()?.map(({ agent }) => agent));
      const news = lines.filter(({ agent_id }) => hosts.has(agent_id));
      if (news.length === 0) return;
      const known = new Map(latestOf.peek());
      for (const { agent_id, total_cpu_percent, timestamp } of news)
        known.set(agent_id, { percent: total_cpu_percent, at: timestamp });
      latestOf.value = known;
    }),
  ];
  void load();

  return {
    lists: computed(() => items.value && listsOf(items.value, latestOf.value)),
    fault,
    close() {
      ended.abort();
      for (const end of ends) end();
    },
  };
}
