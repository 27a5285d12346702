import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { AlertView } from '../../core/contracts/alerting/views.ts';
import { ApiError } from '../client/request.ts';
import type { Services } from '../services.tsx';
import { firingIn, NO_ALERTS, pendingIn, withAnswer, withChanges } from './openAlerts.ts';
import { readOpenAlerts } from './readOpenAlerts.ts';

/** What is done about alerts is told by nobody: it is asked for this often, and soon after one that is new; in ms. */
const REREAD_MS = 20_000;
const NEWS_MS = 2_000;

/** After a failed try, in ms. */
const RETRY_MS = 5_000;

/** What is pending and what fires, kept up to date. */
export interface AlertFeed {
  /** Undefined until the API has answered. */
  lists: ReadonlySignal<{ firing: AlertView[]; pending: AlertView[] } | undefined>;
  /** Why the API did not answer; undefined while it does. */
  error: ReadonlySignal<string | undefined>;
  /** Asks anew: something was done. */
  refresh(): void;
  close(): void;
}

export function openAlertFeed({ client, link }: Pick<Services, 'client' | 'link'>): AlertFeed {
  const open = signal(NO_ALERTS);
  const answered = signal(false);
  const error = signal<string | undefined>(undefined);
  const ended = new AbortController();
  let reading: AbortController | undefined;
  let heard = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = Infinity;

  /** Asks in so many ms, or sooner where that is due already. */
  function readIn(ms: number): void {
    const at = performance.now() + ms;
    if (at >= dueAt) return;
    dueAt = at;
    clearTimeout(timer);
    timer = setTimeout(() => void read(), ms);
  }
  async function read(): Promise<void> {
    clearTimeout(timer);
    dueAt = Infinity;
    reading?.abort();
    const own = (reading = new AbortController());
    heard = new Set();
    try {
      const alerts = await readOpenAlerts(client, ['firing', 'pending'], {
        signal: AbortSignal.any([own.signal, ended.signal]),
      });
      if (reading !== own || ended.signal.aborted) return;
      open.value = withAnswer(open.peek(), alerts, heard);
      answered.value = true;
      error.value = undefined;
      readIn(REREAD_MS);
    } catch (thrown) {
      if (reading !== own || ended.signal.aborted) return;
      error.value = thrown instanceof ApiError ? thrown.message : String(thrown);
      readIn(RETRY_MS);
    }
  }

  const ends = [
    // What came while there was no connection was heard by nobody.
    link.onLive(({ since }) => {
      if (since !== undefined) void read();
    }),
    link.onAlertChanges((changes) => {
      const isNew = changes.some(({ alert }) => !open.peek().byId.has(alert.id));
      for (const { alert } of changes) heard.add(alert.id);
      open.value = withChanges(open.peek(), changes);
      // Whether it is silenced is not told with it.
      if (isNew) readIn(NEWS_MS);
    }),
  ];
  void read();

  return {
    lists: computed(() =>
      answered.value ? { firing: firingIn(open.value), pending: pendingIn(open.value) } : undefined,
    ),
    error,
    refresh: () => void read(),
    close() {
      clearTimeout(timer);
      ended.abort();
      for (const end of ends) end();
    },
  };
}
