import { computed, effect, type ReadonlySignal } from '@preact/signals';
import type { ProcessHistory, ProcessPoint, ProcessSearch } from '../../core/contracts/processes.ts';
import type { HostContext } from './hostContext.ts';
import { createResource, isWithoutHistory, type Resource } from './resource.ts';

/** One process by its name: its series on this host, and where else it ran. */
export interface ProcessDetail {
  name: ReadonlySignal<string | undefined>;
  points: ReadonlySignal<readonly ProcessPoint[]>;
  history: Resource<ProcessHistory>;
  otherHosts: Resource<ProcessSearch>;
  close(): void;
}

/** How often the series of a live span is asked for again, in ms. */
const AGAIN_MS = 10_000;

/** @param step of the host's series: the points of the two are at the same times */
export function followProcess(
  { agent, client, view, span, live, withoutHistory }: HostContext,
  step: ReadonlySignal<number>,
): ProcessDetail {
  const history = createResource<ProcessHistory>((error) => {
    if (isWithoutHistory(error)) withoutHistory.value = error.message;
  });
  const otherHosts = createResource<ProcessSearch>();
  const name = computed(() => view.value.process);
  const key = computed(() =>
    typeof view.value.range === 'string' && live.value
      ? view.value.range
      : `${span.value.from}-${span.value.to}`,
  );

  function read(quiet: boolean): void {
    const chosen = name.peek();
    const { from, to } = span.peek();
    if (chosen === undefined) return;
    history.read(
      (signal) =>
        client.get('/api/processes/history', {
          query: { agent, name: chosen, from, to, step: step.peek() },
          signal,
        }),
      { quiet },
    );
  }
  const stops = [
    effect(() => {
      void key.value;
      void step.value;
      if (name.value === undefined || withoutHistory.value !== undefined) history.clear();
      else read(history.value.peek()?.name === name.value);
    }),
    effect(() => {
      const chosen = name.value;
      otherHosts.clear();
      if (chosen === undefined || withoutHistory.value !== undefined) return;
      otherHosts.read((signal) =>
        client.get('/api/processes/search', { query: { name: chosen, limit: 50 }, signal }),
      );
    }),
  ];
  const timer = setInterval(() => {
    if (live.peek() && !document.hidden) read(true);
  }, AGAIN_MS);
  return {
    name,
    history,
    otherHosts,
    points: computed(() => history.value.value?.points ?? []),
    close() {
      for (const stop of stops) stop();
      clearInterval(timer);
      history.close();
      otherHosts.close();
    },
  };
}
