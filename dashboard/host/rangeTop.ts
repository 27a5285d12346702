import { computed, effect, type ReadonlySignal } from '@preact/signals';
import type { HostContext } from './hostContext.ts';
import type { RecentSnapshots } from './recentSnapshots.ts';
import { createResource, isWithoutHistory } from './resource.ts';
import { topOfSnapshots, type RankedProcess } from './topOfSnapshots.ts';

/** What used the most over the span that is shown. */
export interface RangeTop {
  processes: ReadonlySignal<readonly RankedProcess[] | undefined>;
  loading: ReadonlySignal<boolean>;
  error: ReadonlySignal<string | undefined>;
  close(): void;
}

const LIMIT = 10;

/** How often a live span is asked about again, in ms; what is in memory is worked out here, with each snapshot. */
const AGAIN_MS = 15_000;

export function followRangeTop(
  { agent, client, view, span, live, withoutHistory }: HostContext,
  recent: ReadonlySignal<RecentSnapshots>,
): RangeTop {
  const answer = createResource<RankedProcess[]>((error) => {
    if (isWithoutHistory(error)) withoutHistory.value = error.message;
  });
  const covered = computed(
    () => withoutHistory.value !== undefined || recent.value.coveredFrom <= span.value.from,
  );
  const inMemory = computed(() => {
    if (!covered.value) return undefined;
    const { from, to } = span.value;
    const within = recent.value.snapshots.filter(({ timestamp }) => timestamp >= from && timestamp < to);
    return topOfSnapshots(within, view.value.by, LIMIT);
  });

  const by = computed(() => view.value.by);
  const read = (quiet: boolean) => {
    const { from, to } = span.peek();
    answer.read(
      async (signal) =>
        (
          await client.get('/api/processes/top', {
            query: { agent, from, to, by: by.peek(), limit: LIMIT },
            signal,
          })
        ).processes,
      { quiet },
    );
  };
  const rangeKey = computed(() => {
    const { range } = view.value;
    // A live one moves all the time: it is asked about again by the timer.
    if (typeof range === 'string' && live.value) return `${range} ${by.value}`;
    return `${span.value.from}-${span.value.to} ${by.value}`;
  });
  const stop = effect(() => {
    void rangeKey.value;
    if (!covered.value) read(false);
  });
  const timer = setInterval(() => {
    if (live.peek() && !covered.peek() && !document.hidden) read(true);
  }, AGAIN_MS);

  return {
    processes: computed(() => inMemory.value ?? answer.value.value),
    loading: computed(() => !covered.value && answer.loading.value),
    error: computed(() => (covered.value ? undefined : answer.error.value?.message)),
    close() {
      stop();
      clearInterval(timer);
      answer.close();
    },
  };
}
