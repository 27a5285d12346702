import { computed, type ReadonlySignal } from '@preact/signals';
import type { HostModel } from './hostModel.ts';
import { openPaint } from './paint.ts';
import { draggedSpan } from './timeSpan.ts';
import type { ChartOptions } from './timeChart.ts';

/** What all charts of a host's page have in common. */
export interface HostCharts {
  common: Pick<ChartOptions, 'cursor' | 'paint' | 'timeTick'>;
  /** The moment that figures beside the charts are of; undefined: the latest. */
  time: ReadonlySignal<number | undefined>;
}

/** Up to this span, in seconds, ticks have seconds; from that one on, days. */
const SECONDS_UP_TO = 900;
const DAYS_FROM = 10 * 86_400;

export function openHostCharts(model: HostModel): HostCharts {
  const { services, cursor, view, span, change } = model;
  const { time } = services;
  const pinned = computed(() => view.value.at);
  const liveUntil = computed(() => {
    const lostAt = services.link.lostAt.value;
    return lostAt === undefined || !model.live.value ? undefined : Math.floor(lostAt / 1000);
  });
  return {
    common: {
      paint: openPaint(services.theme),
      cursor: {
        span,
        time: cursor,
        pinned,
        liveUntil,
        pin: (at) => change({ at }),
        zoom(a, b) {
          // What the pointer is on is another moment then.
          cursor.value = undefined;
          change({ range: draggedSpan(a, b, services.clock.now.peek()) }, { push: true });
        },
      },
      timeTick(seconds, spanSeconds) {
        if (spanSeconds <= SECONDS_UP_TO) return time.clock(seconds);
        if (spanSeconds > DAYS_FROM || time.minute(seconds) === '00:00') return time.day(seconds);
        return time.minute(seconds);
      },
    },
    time: computed(() => cursor.value ?? pinned.value),
  };
}
