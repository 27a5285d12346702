import { useEffect, useMemo } from 'preact/hooks';
import { isWithoutHistory } from '../../host/resource.ts';
import { useServices } from '../../services.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';
import { countOf } from '../../state/number.ts';
import { AlertSection } from '../section/alertSection.tsx';
import { Choice } from './choice.tsx';
import { FilterBar } from './filterBar.tsx';
import './history.css';
import { openHistoryFeed, type HistoryFeed } from './historyFeed.ts';
import { HistoryTable } from './historyTable.tsx';
import { queryOf, readHistoryView, ROWS_BY, type HistoryView } from './historyView.ts';
import { rowsOf } from './lanes.ts';
import { Timeline } from './timeline.tsx';

/** What fired and when: on a timeline, and as a table. */
export function AlertHistoryPage() {
  const services = useServices();
  usePageTitle('History of alerts');
  const shown = readHistoryView(services.view.query.value);
  // In which rows it is shown is no other question.
  const key = JSON.stringify({ ...shown, rows: undefined });
  const feed = useMemo(
    () => openHistoryFeed(services, readHistoryView(services.view.query.peek())),
    [services, key],
  );
  useEffect(() => () => feed.close(), [feed]);
  return (
    <AlertSection title="History of alerts">
      <FilterBar shown={shown} />
      <ErrorText feed={feed} />
      <Found feed={feed} shown={shown} />
    </AlertSection>
  );
}

function ErrorText({ feed }: { feed: HistoryFeed }) {
  const error = feed.error.value;
  if (error === undefined) return null;
  return (
    <p class="notice" role="alert">
      {isWithoutHistory(error)
        ? 'Without PostgreSQL, alerts that are over are not kept: set POSTGRES_DSN. What fires now is under Firing.'
        : `The alerts could not be read: ${error.message}`}
    </p>
  );
}

function Found({ feed, shown }: { feed: HistoryFeed; shown: HistoryView }) {
  const { view } = useServices();
  const alerts = feed.alerts.value;
  const axis = feed.axis.value;
  const rows = useMemo(() => rowsOf(alerts ?? [], shown.rows, axis), [alerts, shown.rows, axis]);
  if (alerts === undefined) return feed.error.value === undefined ? <p class="page-wait">Loading…</p> : null;
  return (
    <section aria-labelledby="found" class="history">
      <h2 id="found">
        <span role="status">
          {alerts.length === 0
            ? `No such alert in the last ${shown.range.words}`
            : `${countOf(alerts.length, 'alert')}${feed.more.value ? ', and older ones' : ''}`}
        </span>
      </h2>
      {alerts.length > 0 && (
        <>
          <div class="history-rows">
            <span aria-hidden="true">A row for each</span>
            <Choice
              label="A row for each"
              options={ROWS_BY}
              isOn={(by) => by === shown.rows}
              onChoose={(by) => view.setQuery(queryOf({ rows: by }), { push: true })}
            />
          </div>
          <Timeline rows={rows} axis={axis} />
          <HistoryTable alerts={alerts} />
        </>
      )}
      {feed.more.value && (
        <button type="button" class="button" disabled={feed.loading.value} onClick={feed.loadMore}>
          Load older ones
        </button>
      )}
    </section>
  );
}
