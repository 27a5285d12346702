import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { ApiError } from '../client/request.ts';
import type { HostContext } from './hostContext.ts';
import { createMomentReader, type Found } from './momentReader.ts';
import { snapshotAt, stoodFor, type RecentSnapshots } from './recentSnapshots.ts';
import { isWithoutHistory } from './resource.ts';

/** What the table of processes speaks of. */
export interface Moment {
  /** Epoch seconds. */
  time: number;
  snapshot: Snapshot | undefined;
  /** Whether the snapshot stood for the moment; false: it is from before a gap. */
  held: boolean;
  /** Why there is no snapshot. */
  reason?: string;
}

/** How the moment that is shown was chosen. */
export type MomentKind = 'pinned' | 'cursor' | 'now' | 'end';

export interface MomentSource {
  kind: ReadonlySignal<MomentKind>;
  /** The moment that is asked for. */
  wanted: ReadonlySignal<number>;
  /** The last one that was found: another one than wanted while that is on its way. */
  shown: ReadonlySignal<Moment | undefined>;
  /** Whether what is shown is not what is wanted yet. */
  loading: ReadonlySignal<boolean>;
  close(): void;
}

/** What is pinned, else what the cursor is on, else now, or the end of a range that is over. */
export function followMoment(
  { agent, client, view, cursor, live, span, services, withoutHistory }: HostContext,
  recent: ReadonlySignal<RecentSnapshots>,
): MomentSource {
  const kind = computed<MomentKind>(() => {
    if (view.value.at !== undefined) return 'pinned';
    if (cursor.value !== undefined) return 'cursor';
    return live.value ? 'now' : 'end';
  });
  const wanted = computed(() => view.value.at ?? cursor.value ?? span.value.to);
  const found = signal<Moment | undefined>(undefined);
  const reader = createMomentReader({
    nowSeconds: () => services.clock.now.peek(),
    ask: async (time, signal) => {
      try {
        return await client.get('/api/metrics/at', { query: { agent, time }, signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    onFound: (one) => void (found.value = momentOf(one)),
  });

  const inMemory = computed<Moment | undefined>(() => {
    const time = wanted.value;
    const snapshot = snapshotAt(recent.value, time);
    if (snapshot === undefined) return undefined;
    // What is newest is shown as it is, however old: the header says that nothing comes any more.
    return { time, snapshot, held: kind.value === 'now' || stoodFor(recent.value, snapshot, time) };
  });
  const stop = effect(() => {
    const here = inMemory.value !== undefined;
    const time = wanted.value;
    if (here || withoutHistory.value !== undefined) reader.want(undefined);
    // Now and the end of a range move by themselves: what was found of them holds until there is something else.
    else if (kind.value !== 'now' || found.peek() === undefined) reader.want(time);
  });
  let last: Moment | undefined;
  const shown = computed(() => {
    if (inMemory.value !== undefined) last = inMemory.value;
    else if (withoutHistory.value !== undefined) last = notInMemory(wanted.value);
    else if (found.value !== undefined) last = found.value;
    return last;
  });
  return {
    kind,
    wanted,
    shown,
    loading: computed(() => kind.value !== 'now' && shown.value?.time !== wanted.value),
    close() {
      stop();
      reader.close();
    },
  };
}

function notInMemory(time: number): Moment {
  return {
    time,
    snapshot: undefined,
    held: false,
    reason: 'Without history only the last minutes are here.',
  };
}

function momentOf(found: Found): Moment {
  const { time } = found;
  if (found.kind === 'snapshot') return { time, snapshot: found.answer.snapshot, held: found.answer.held };
  const reason =
    found.kind === 'nothing'
      ? 'No snapshot is kept of this moment, or of any before it.'
      : found.error instanceof ApiError && !isWithoutHistory(found.error)
        ? `It could not be read: ${found.error.message}`
        : 'It could not be read.';
  return { time, snapshot: undefined, held: false, reason };
}
