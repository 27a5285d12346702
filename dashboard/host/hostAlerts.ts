import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { endInMemory, endOf } from './alertEnds.ts';
import { alertWindows, newestOf, windowsOf, type AlertWindow, type AlertWindows } from './alertWindows.ts';
import type { HostContext } from './hostContext.ts';
import type { HostSeries } from './hostSeries.ts';
import type { RecentSnapshots } from './recentSnapshots.ts';
import { createResource } from './resource.ts';

/** An alert as it is shown: with its end, as far as it is known. */
export interface ShownAlert extends AlertWindow {
  /** Undefined while it goes on. */
  to: number | undefined;
}

export interface HostAlerts {
  /** Oldest first. */
  alerts: ReadonlySignal<readonly ShownAlert[]>;
  /** No alerts are kept: the contract's events are shown, which do not reach far. */
  eventsOnly: ReadonlySignal<boolean>;
  close(): void;
}

export function followAlerts(
  { agent, client, view, span, services }: HostContext,
  { points, step }: Pick<HostSeries, 'points' | 'step'>,
  recent: ReadonlySignal<RecentSnapshots>,
): HostAlerts {
  const answer = createResource<AlertWindows>();
  /** What was told live: newer than an answer that was asked for before. */
  const came = signal<readonly AlertWindow[]>([]);

  const read = () => {
    const nowSeconds = services.clock.now.peek();
    came.value = [];
    answer.read((signal) => alertWindows(client, agent, span.peek(), { nowSeconds, signal }));
  };
  const rangeKey = computed(() =>
    typeof view.value.range === 'string' ? view.value.range : `${span.value.from}-${span.value.to}`,
  );

  /** Where the end is not told. Whichever is first: memory knows it to the second, and the series what was before memory. */
  function guessedEnd({ firedAt, threshold }: AlertWindow, until: number): number | undefined {
    if (threshold === undefined) return undefined;
    const fired = { firedAt, threshold };
    const inSeries = endOf(fired, points.value, { stepSeconds: step.value, until });
    const end = Math.min(inSeries ?? Infinity, endInMemory(fired, recent.value.snapshots) ?? Infinity);
    return end === Infinity ? undefined : end;
  }

  const ends = [
    effect(() => {
      void rangeKey.value;
      read();
    }),
    services.link.onAlertChanges((changes) => {
      const ours = changes.flatMap(({ alert }) => (alert.agent_id === agent ? [alert] : []));
      if (ours.length > 0) came.value = newestOf(came.peek(), windowsOf(ours));
    }),
    services.link.onLive(({ since }) => {
      if (since !== undefined) read();
    }),
  ];
  return {
    alerts: computed(() => {
      const { from, to } = span.value;
      return newestOf(answer.value.value?.windows ?? [], came.value)
        .map((window) => {
          const { resolvedAt } = window;
          return {
            ...window,
            to: resolvedAt === undefined ? guessedEnd(window, to) : (resolvedAt ?? undefined),
          };
        })
        .filter((window) => window.from < to && (window.to ?? to) > from)
        .sort((a, b) => a.from - b.from);
    }),
    eventsOnly: computed(() => answer.value.value?.eventsOnly ?? false),
    close() {
      for (const end of ends) end();
      answer.close();
    },
  };
}
