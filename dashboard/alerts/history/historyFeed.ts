import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import { ApiError } from '../../client/request.ts';
import type { Services } from '../../services.tsx';
import { askedOf, type HistoryView } from './historyView.ts';
import type { TimeAxis } from './lanes.ts';

/** Alerts of one answer: enough for most ranges, and soon drawn. */
const PAGE = 200;

/** How long news is gathered before the list is read anew, in ms. */
const NEWS_MS = 2_000;

/** The alerts of a range, a page at a time. */
export interface HistoryFeed {
  /** Newest first; undefined until the API has answered. */
  alerts: ReadonlySignal<readonly AlertView[] | undefined>;
  axis: ReadonlySignal<TimeAxis>;
  /** Whether there are older ones. */
  more: ReadonlySignal<boolean>;
  loading: ReadonlySignal<boolean>;
  error: ReadonlySignal<ApiError | undefined>;
  loadMore(): void;
  close(): void;
}

export function openHistoryFeed(
  { client, link, clock }: Pick<Services, 'client' | 'link' | 'clock'>,
  view: HistoryView,
): HistoryFeed {
  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);
  const axisAt = (now: number) => ({ from: now - view.range.seconds, to: now });
  const alerts = signal<readonly AlertView[] | undefined>(undefined);
  const axis = signal(axisAt(nowSeconds()));
  const cursor = signal<string | undefined>(undefined);
  const more = signal(false);
  const loading = signal(false);
  const error = signal<ApiError | undefined>(undefined);
  const ended = new AbortController();
  let asked = askedOf(view, nowSeconds());
  let pages = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function read(after: string | undefined): Promise<void> {
    if (loading.peek()) return;
    loading.value = true;
    const now = nowSeconds();
    // A cursor goes on with what was asked for before.
    if (after === undefined) asked = askedOf(view, now);
    try {
      const page = await client.get('/api/alerts', {
        query: { ...asked, limit: PAGE, cursor: after },
        signal: ended.signal,
      });
      batch(() => {
        alerts.value = after === undefined ? page.alerts : [...(alerts.peek() ?? []), ...page.alerts];
        if (after === undefined) axis.value = axisAt(now);
        cursor.value = page.next_cursor ?? undefined;
        more.value = page.next_cursor !== null;
        error.value = undefined;
      });
      pages = after === undefined ? 1 : pages + 1;
    } catch (thrown) {
      if (!ended.signal.aborted)
        error.value = thrown instanceof ApiError ? thrown : new ApiError(0, String(thrown));
    } finally {
      loading.value = false;
    }
  }
  function readSoon(): void {
    // Whoever has gone back is left there.
    if (pages > 1) return;
    clearTimeout(timer);
    timer = setTimeout(() => void read(undefined), NEWS_MS);
  }
  const ends = [
    link.onAlertChanges((changes) => {
      if (changes.some(({ change }) => change === 'firing' || change === 'resolved')) readSoon();
    }),
    link.onLive(({ since }) => {
      if (since !== undefined) readSoon();
    }),
  ];
  void read(undefined);
  return {
    alerts,
    axis,
    more,
    loading,
    error,
    loadMore: () => void read(cursor.peek()),
    close() {
      clearTimeout(timer);
      ended.abort();
      for (const end of ends) end();
    },
  };
}
