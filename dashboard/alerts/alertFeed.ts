import { batch, computed, signal, type ReadonlySignal } from '@preact/signals';
import { ApiError } from '../client/request.ts';
import type { Services } from '../services.tsx';
import {
  itemOf,
  listsOf,
  merged,
  withLatest,
  type AlertItem,
  type AlertLists,
  type LatestCpu,
} from './alertItem.ts';

/** Longest the API looks back, in minutes. */
export const MOST_MINUTES = 1_440;

/** Most hosts that are asked for one by one: those of the newest alerts. */
const MOST_HOSTS_ASKED = 50;

/** The alerts of the last while, kept up to date: the only part of the page that knows how the API tells them. */
export interface AlertFeed {
  /** Undefined until the API has answered. */
  lists: ReadonlySignal<AlertLists | undefined>;
  /** Why the API did not answer; undefined while it does. */
  fault: ReadonlySignal<string | undefined>;
  close(): void;
}

export function openAlertFeed(
  { client, link, clock }: Pick<Services, 'client' | 'link' | 'clock'>,
  minutes: number,
): AlertFeed {
  const items = signal<AlertItem[] | undefined>(undefined);
  const fault = signal<string | undefined>(undefined);
  const latestOf = signal<ReadonlyMap<string, LatestCpu>>(new Map());
  const ended = new AbortController();
  const options = { signal: ended.signal };
  const since = () => Math.floor(clock.nowMs() / 1000) - minutes * 60;

  /** What the hosts said last, as the API has it: live lines come only from those that still report. */
  async function latestOfHosts(found: readonly AlertItem[]): Promise<[string, LatestCpu][]> {
    const hosts = [...new Set(found.map(({ agent }) => agent))].slice(0, MOST_HOSTS_ASKED);
    const answers = await Promise.allSettled(hosts.map((host) => client.agent(host, options)));
    return answers.flatMap((answer) => {
      // Without a history there is no such list: then only live lines tell.
      if (answer.status !== 'fulfilled') return [];
      const { id, latest } = answer.value;
      if (latest !== null) return [[id, { percent: latest.total_cpu_percent, at: latest.timestamp }]];
      // All it has handed in is history: the alert itself is the last that was heard.
      const newest = found.find(({ agent }) => agent === id);
      return newest === undefined ? [] : [[id, { percent: newest.value, at: newest.firedAt }]];
    });
  }

  async function load(): Promise<void> {
    try {
      const events = await client.recentAlerts({ minutes }, options);
      const found = merged(items.peek() ?? [], events.map(itemOf), since());
      const latest = await latestOfHosts(found);
      if (ended.signal.aborted) return;
      batch(() => {
        latestOf.value = withLatest(latestOf.peek(), latest);
        // What came live meanwhile stays.
        items.value = merged(items.peek() ?? [], found, since());
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
    link.onAlert((event) =>
      batch(() => {
        const item = itemOf(event);
        latestOf.value = withLatest(latestOf.peek(), [
          [item.agent, { percent: item.value, at: item.firedAt }],
        ]);
        items.value = merged(items.peek() ?? [], [item], since());
      }),
    ),
    link.onFleet((lines) => {
      const hosts = new Set(items.peek()?.map(({ agent }) => agent));
      const news = lines.filter(({ agent_id }) => hosts.has(agent_id));
      if (news.length > 0)
        latestOf.value = withLatest(
          latestOf.peek(),
          news.map((line) => [line.agent_id, { percent: line.total_cpu_percent, at: line.timestamp }]),
        );
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
