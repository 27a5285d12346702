import { computed, effect, type ReadonlySignal } from '@preact/signals';
import type { HistoryPoint, HostHistory } from '../../core/contracts/history.ts';
import { hostHistory } from '../client/hostHistory.ts';
import type { HostContext } from './hostContext.ts';
import { mergePoints, pointsWithin, withTail } from './points.ts';
import { pointsOf } from './liveBuckets.ts';
import type { RecentSnapshots } from './recentSnapshots.ts';
import { createResource, isWithoutHistory, type Resource } from './resource.ts';
import { stepSeconds } from './sourceText.ts';
import type { TimeSpan } from './timeSpan.ts';

/** The series of the host over the span that is shown. */
export interface HostSeries {
  points: ReadonlySignal<readonly HistoryPoint[]>;
  /** Of the points, in seconds. */
  step: ReadonlySignal<number>;
  answer: Resource<HostHistory>;
  /** Asks for the last part again: something may have been added. */
  refresh(): void;
  close(): void;
}

/** The shortest time after which a live range asks for its last part again, in ms, where its steps are longer than memory reaches. */
const TAIL_MS = 60_000;

export interface SeriesOptions {
  /** Whether each point has its cores. */
  cores: boolean;
  /** The step to ask for; undefined leaves it to the server. */
  stepFor(span: TimeSpan): string | undefined;
}

export function followSeries(
  { agent, client, span, live, view, withoutHistory }: HostContext,
  recent: ReadonlySignal<RecentSnapshots>,
  { cores, stepFor }: SeriesOptions,
): HostSeries {
  const answer = createResource<HostHistory>((error) => {
    if (isWithoutHistory(error)) withoutHistory.value = error.message;
  });
  const ask = (from: number, to: number, step: string | undefined) => (signal: AbortSignal) =>
    hostHistory(client, { agent, from, to, step, cores: cores ? 'true' : 'false' }, { signal });

  /** The range that was asked for, so that a live one, which moves, is asked for once. */
  let asked: { range: unknown; span: TimeSpan } | undefined;
  const stop = effect(() => {
    const { range } = view.value;
    const { from, to } = span.value;
    const key = typeof range === 'string' ? range : `${range.from}-${range.to}`;
    // A live one goes on by itself; what a pinned moment holds back is asked for as far as it reaches.
    const goesOn = live.value;
    if (asked?.range === key && asked.span.from <= from && (goesOn || to <= asked.span.to)) return;
    asked = { range: key, span: { from, to } };
    answer.read(ask(from, to, stepFor({ from, to })));
  });

  function refresh(): void {
    const known = answer.value.peek();
    const { from, to } = span.peek();
    if (known === undefined) return answer.read(ask(from, to, stepFor({ from, to })));
    // The answer's last steps may not have been over when it was given.
    const tailFrom = Math.max(from, known.to - 2 * Math.max(stepSeconds(known.step), TAIL_MS / 1_000));
    answer.read(
      async (signal) => {
        const tail = await ask(tailFrom, to, known.step)(signal);
        return { ...tail, from: known.from, points: withTail(known.points, tail.points, tail.from) };
      },
      { quiet: true },
    );
  }
  const timer = setInterval(() => {
    if (live.peek() && !document.hidden && step.peek() > 10 && withoutHistory.peek() === undefined) refresh();
  }, TAIL_MS);

  const step = computed(() => {
    const known = answer.value.value;
    return stepSeconds(known?.step ?? stepFor(span.value) ?? 'raw');
  });
  // Of a span that is over, nothing that comes in live is a part.
  const livePoints = computed(() => {
    const { snapshots } = recent.value;
    const first = snapshots[0]?.timestamp ?? Infinity;
    return first < span.value.to ? pointsOf(snapshots, step.value) : [];
  });
  const points = computed(() =>
    pointsWithin(mergePoints(answer.value.value?.points ?? [], livePoints.value), span.value),
  );
  return {
    points,
    step,
    answer,
    refresh,
    close() {
      stop();
      clearInterval(timer);
      answer.close();
    },
  };
}
