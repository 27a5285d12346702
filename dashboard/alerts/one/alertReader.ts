import { signal, type ReadonlySignal } from '@preact/signals';
import type { AlertDetail } from '../../../core/contracts/alerting/views.ts';
import { ApiError } from '../../client/request.ts';
import type { Services } from '../../services.tsx';

/** After a change of the alert: when what was told of it is likely known, and when it surely is; in ms. */
const NEWS_MS = [300, 3_000];

/** How often it is read anew while it goes on: messages come and go without a word. */
const REREAD_MS = 15_000;

/** One alert, kept up to date. */
export interface AlertReader {
  detail: ReadonlySignal<AlertDetail | undefined>;
  error: ReadonlySignal<ApiError | undefined>;
  refresh(): void;
  close(): void;
}

export function openAlertReader(
  { client, link }: Pick<Services, 'client' | 'link'>,
  id: string,
): AlertReader {
  const detail = signal<AlertDetail | undefined>(undefined);
  const error = signal<ApiError | undefined>(undefined);
  const ended = new AbortController();
  const timers = new Set<ReturnType<typeof setTimeout>>();

  async function read(): Promise<void> {
    try {
      const answer = await client.get('/api/alerts/:id', { params: { id }, signal: ended.signal });
      // An answer that was overtaken by a newer one.
      if (answer.alert.revision < (detail.peek()?.alert.revision ?? 0)) return;
      detail.value = answer;
      error.value = undefined;
    } catch (thrown) {
      if (!ended.signal.aborted)
        error.value = thrown instanceof ApiError ? thrown : new ApiError(0, String(thrown));
    }
  }
  function readIn(ms: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void read();
    }, ms);
    timers.add(timer);
  }
  const interval = setInterval(() => {
    if (!document.hidden && detail.peek()?.alert.state !== 'resolved') void read();
  }, REREAD_MS);
  const ends = [
    link.onAlertChanges((changes) => {
      if (changes.some(({ alert }) => alert.id === id)) NEWS_MS.forEach(readIn);
    }),
    link.onLive(({ since }) => {
      if (since !== undefined) void read();
    }),
  ];
  void read();
  return {
    detail,
    error,
    refresh: () => void read(),
    close() {
      ended.abort();
      clearInterval(interval);
      timers.forEach(clearTimeout);
      for (const end of ends) end();
    },
  };
}
