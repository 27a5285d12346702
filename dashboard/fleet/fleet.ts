import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { NO_ALERTS, withAnswer, withChanges } from '../alerts/openAlerts.ts';
import { readOpenAlerts } from '../alerts/readOpenAlerts.ts';
import { ApiError } from '../client/request.ts';
import type { Services } from '../services.tsx';
import { createPainter } from './painter.ts';
import { criteriaOf, movesByItself, type Criteria } from './criteria.ts';
import { firingByAgent, type FiringByAgent } from './firing.ts';
import { loadFleet, loadList, type Loaded, type Source } from './load.ts';
import { createFleetModel } from './model.ts';
import { arrange, countRows, labelsOf, type Counts } from './order.ts';
import type { Row } from './row.ts';

/** The fleet as the page shows it. What it holds moves at most once a picture; a row's signal only with that row. */
export interface Fleet {
  /** Undefined until there is something to show. */
  source: ReadonlySignal<Source | undefined>;
  /** Why the list could not be read the last time; undefined where it could. */
  failure: ReadonlySignal<string | undefined>;
  /** Those listed, in their order. */
  ids: ReadonlySignal<readonly string[]>;
  counts: ReadonlySignal<Counts>;
  labels: ReadonlySignal<readonly string[]>;
  firing: ReadonlySignal<FiringByAgent>;
  row(id: string): ReadonlySignal<Row> | undefined;
  /** Epoch seconds up to which the page knows: now, or when the connection was lost. */
  asOf: ReadonlySignal<number>;
  /** While somebody points at the list it stays in its order. */
  held: Signal<boolean>;
  /** Begins to read and to listen; gives back what ends it. What was read stays. */
  run(): () => void;
}

/** Where no line comes that would do it, the order follows what silence makes of hosts after so many seconds. */
const REORDER_SECONDS = 2;

/** How often the list is read anew, in ms: names and labels are told by nobody. */
const RELOAD_MS = 60_000;

/** A try after a failed one, and a look at who is new, in ms. */
const RETRY_MS = 5_000;
const STRANGER_MS = 2_000;

const NONE: Counts = { all: 0, online: 0, stale: 0, offline: 0, firing: 0 };

export function createFleet(services: Pick<Services, 'api' | 'client' | 'link' | 'clock' | 'view'>): Fleet {
  const { api, client, link, clock, view } = services;
  const model = createFleetModel();
  const rows = new Map<string, Signal<Row>>();
  const source = signal<Source | undefined>(undefined);
  const failure = signal<string | undefined>(undefined);
  const ids = signal<readonly string[]>([]);
  const counts = signal(NONE);
  const labels = signal<readonly string[]>([]);
  const alerts = signal(NO_ALERTS);
  const firing = computed(() => firingByAgent(alerts.value));
  const held = signal(false);
  const criteria = computed<Criteria>(() => criteriaOf(view.query.value));
  const asOf = computed(() => {
    const lostAt = link.lostAt.value;
    return lostAt === undefined ? clock.now.value : Math.floor(lostAt / 1000);
  });
  let arrangedAt = 0;

  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);
  const around = () => ({
    nowSeconds: asOf.peek(),
    firing: (id: string) => firing.peek().get(id)?.length ?? 0,
  });
  function arrangeNow(): void {
    arrangedAt = nowSeconds();
    ids.value = arrange(model.rows.values(), criteria.peek(), around());
  }
  function paint(): void {
    const changes = model.takeChanges();
    if (changes === undefined) return;
    batch(() => {
      for (const id of changes.changed) {
        const row = model.rows.get(id);
        const known = rows.get(id);
        if (row === undefined) continue;
        if (known === undefined) rows.set(id, signal(row));
        else known.value = row;
      }
      for (const id of rows.keys()) if (!model.rows.has(id)) rows.delete(id);
      if (changes.membership) labels.value = labelsOf(model.rows.values());
      if (changes.membership || (isMoving(criteria.peek()) && !held.peek())) arrangeNow();
    });
  }

  function run(): () => void {
    const painter = createPainter(window, paint);
    const over = new AbortController();
    const { signal: ended } = over;
    let timer: number | undefined;
    let loading = false;
    /** Alerts that were told of since the list was asked for. */
    let heard = new Set<string>();

    function loadIn(ms: number): void {
      clearTimeout(timer);
      timer = window.setTimeout(() => void load(), ms);
    }
    /** Whoever has the list keeps it while it cannot be read: what came in of late would be less. */
    function read(): Promise<Loaded> {
      const options = { nowSeconds, signal: ended };
      return source.peek()?.from === 'agents' ? loadList(client, options) : loadFleet(api, client, options);
    }
    async function load(): Promise<void> {
      if (loading) return;
      loading = true;
      heard = new Set();
      try {
        const [fleet, open] = await Promise.all([
          read(),
          readOpenAlerts(client, ['firing'], { signal: ended }),
        ]);
        model.replace(fleet.rows);
        batch(() => {
          alerts.value = withAnswer(alerts.peek(), open, heard);
          labels.value = labelsOf(fleet.rows);
          source.value = fleet.source;
          failure.value = undefined;
        });
        painter.ask();
        const { source: from } = fleet;
        // Without a list all that is to be known is told live.
        if (from.from === 'agents') loadIn(RELOAD_MS);
        else if (from.because === 'away') loadIn(RETRY_MS);
      } catch (error) {
        if (ended.aborted) return;
        failure.value = error instanceof ApiError ? error.message : String(error);
        loadIn(RETRY_MS);
      } finally {
        loading = false;
      }
    }
    const endings = [
      link.onFleet((lines) => {
        const strangers = model.hear(lines, nowSeconds());
        if (strangers.length > 0 && source.peek()?.from === 'agents') loadIn(STRANGER_MS);
        painter.ask();
      }),
      link.onAgentStates((changes) => {
        model.change(changes);
        painter.ask();
      }),
      link.onAlertChanges((changes) => {
        for (const { alert } of changes) heard.add(alert.id);
        alerts.value = withChanges(alerts.peek(), changes);
      }),
      // What was not heard is in the list: states, figures, and the peaks of the sparklines.
      link.onLive(({ since }) => {
        if (since !== undefined) loadIn(0);
      }),
      // A click in the head of a column, or a letter of a search, is followed at once.
      effect(() => {
        void criteria.value;
        arrangeNow();
      }),
      effect(() => {
        void firing.value;
        void asOf.value;
        counts.value = countRows(model.rows.values(), around());
        const isDue = isMoving(criteria.peek()) && nowSeconds() - arrangedAt >= REORDER_SECONDS;
        if (isDue && !held.peek()) arrangeNow();
      }),
    ];
    void load();
    return () => {
      over.abort();
      clearTimeout(timer);
      painter.close();
      for (const end of endings) end();
    };
  }
  return { source, failure, ids, counts, labels, firing, asOf, held, row: (id) => rows.get(id), run };
}

/** Whether who is listed, or in what order, changes without anybody's doing. */
function isMoving(criteria: Criteria): boolean {
  return movesByItself(criteria.sort) || criteria.states.length > 0;
}
