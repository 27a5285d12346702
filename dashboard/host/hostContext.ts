import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Client } from '../client/client.ts';
import type { Services } from '../services.tsx';
import { queryOf, readHostView, type HostView } from './hostView.ts';
import { isLive, secondsOf, spanOf, type TimeSpan } from './timeSpan.ts';

/** What every part of a host's page works with. */
export interface HostContext {
  agent: string;
  client: Client;
  services: Services;
  view: ReadonlySignal<HostView>;
  /** `push`: a step that one can come back to. */
  change(changes: Partial<HostView>, options?: { push?: boolean }): void;
  span: ReadonlySignal<TimeSpan>;
  /** Whether the span goes on with the time. */
  live: ReadonlySignal<boolean>;
  /** The moment under the pointer, or the keyboard's cursor: epoch seconds. */
  cursor: Signal<number | undefined>;
  /** Why there is no history; undefined where there is, or where nobody knows yet. */
  withoutHistory: Signal<string | undefined>;
}

/** How many times the right edge of a span moves while it passes once: more than that nobody sees. */
const MOVES = 600;

export function openHostContext(agent: string, services: Services): HostContext {
  const { view: address, clock, client } = services;
  const view = computed(() => readHostView(address.query.value), { name: 'hostView' });
  const now = computed(() => {
    const { range } = view.value;
    if (typeof range === 'object') return clock.now.peek();
    const grain = Math.max(1, Math.floor(secondsOf(range) / MOVES));
    return Math.ceil(clock.now.value / grain) * grain;
  });
  let last: TimeSpan = { from: 0, to: 0 };
  // The same object for the same span: whoever depends on it has nothing to do then.
  const span = computed(() => {
    const { range, at } = view.value;
    const { from, to } = spanOf(range, at, now.value);
    if (last.from !== from || last.to !== to) last = { from, to };
    return last;
  });
  return {
    agent,
    client,
    services,
    view,
    span,
    live: computed(() => isLive(view.value.range, view.value.at, now.value)),
    change: (changes, options) => address.setQuery(queryOf(changes), options),
    cursor: signal(undefined),
    withoutHistory: signal(undefined),
  };
}
