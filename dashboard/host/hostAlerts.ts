import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import {
  alertWindows,
  culpritsOf,
  endInMemory,
  endOf,
  windowOf,
  type AlertWindow,
  type Culprit,
} from './alertWindows.ts';
import type { HostContext } from './hostContext.ts';
import type { HostCourse } from './hostCourse.ts';
import type { RecentSnapshots } from './recentSnapshots.ts';
import { createResource } from './resource.ts';

/** An alert as it is shown: with its end, as far as the course tells, and who it was. */
export interface ShownAlert extends AlertWindow {
  /** Undefined while it goes on. */
  to: number | undefined;
  /** Undefined where it is not known (yet). */
  culprits: readonly Culprit[] | undefined;
}

export interface HostAlerts {
  alerts: ReadonlySignal<readonly ShownAlert[]>;
  close(): void;
}

/** For how many alerts of a span is asked who it was: one request each. */
const ASKED = 12;

/** How long after its end, or its start where it goes on, the history has all of it, in ms. */
const SETTLE_MS = 3_000;

export function followAlerts(
  context: HostContext,
  { points, step }: Pick<HostCourse, 'points' | 'step'>,
  recent: ReadonlySignal<RecentSnapshots>,
): HostAlerts {
  const { agent, client, view, span, services, withoutHistory } = context;
  const answer = createResource<AlertWindow[]>();
  const came = signal<readonly AlertWindow[]>([]);
  const culprits = signal<ReadonlyMap<string, readonly Culprit[]>>(new Map());
  const asked = new Set<string>();
  const controller = new AbortController();

  const read = () => {
    const nowSeconds = services.clock.now.peek();
    answer.read((signal) => alertWindows(client, agent, span.peek(), { nowSeconds, signal }));
  };
  const rangeKey = computed(() =>
    typeof view.value.range === 'string' ? view.value.range : `${span.value.from}-${span.value.to}`,
  );
  const stopReading = effect(() => {
    void rangeKey.value;
    read();
  });

  /** Whichever is first: memory knows it to the second, and the course knows what was before memory. */
  function endNow(window: AlertWindow, until: number): number | undefined {
    const inCourse = endOf(window, points.value, { stepSeconds: step.value, until });
    const end = Math.min(inCourse ?? Infinity, endInMemory(window, recent.value.snapshots) ?? Infinity);
    return end === Infinity ? undefined : end;
  }

  const windows = computed(() => {
    const { from, to } = span.value;
    const all = new Map([...(answer.value.value ?? []), ...came.value].map((window) => [window.id, window]));
    return [...all.values()]
      .map((window) => ({
        ...window,
        to: endNow(window, to),
      }))
      .filter((window) => window.from < to && (window.to ?? to) > from)
      .sort((a, b) => a.from - b.from);
  });

  async function ask({ id, from, to }: { id: string; from: number; to: number | undefined }): Promise<void> {
    const found = await culpritsOf(client, agent, { from, to: to ?? span.peek().to }, controller.signal);
    culprits.value = new Map([...culprits.peek(), [id, found]]);
  }
  const stopAsking = effect(() => {
    if (withoutHistory.value !== undefined) return;
    for (const window of windows.value.slice(-ASKED)) {
      // Asked while it goes on, and once more when it is over.
      const key = `${window.id} ${window.to === undefined ? 'on' : 'over'}`;
      if (asked.has(key)) continue;
      asked.add(key);
      setTimeout(() => void ask(window).catch(() => undefined), SETTLE_MS * Number(window.to === undefined));
    }
  });

  const ends = [
    services.link.onAlert((event) => {
      if (event.agent_id === agent) came.value = [...came.peek(), windowOf(event)];
    }),
    services.link.onLive(({ since }) => {
      if (since !== undefined) read();
    }),
    stopReading,
    stopAsking,
  ];
  return {
    alerts: computed(() =>
      windows.value.map((window) => ({ ...window, culprits: culprits.value.get(window.id) })),
    ),
    close() {
      for (const end of ends) end();
      answer.close();
      controller.abort();
    },
  };
}
