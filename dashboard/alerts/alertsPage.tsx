import { useEffect, useMemo } from 'preact/hooks';
import { useServices } from '../services.tsx';
import { usePageTitle } from '../shell/pageTitle.ts';
import { countOf } from '../state/number.ts';
import { openAlertFeed } from './alertFeed.ts';
import './alerts.css';
import { FiringList } from './firingList.tsx';
import { AlertSection } from './section/alertSection.tsx';
import { PastTable } from './pastTable.tsx';
import { DEFAULT_RANGE, RangeChoice, rangeIn } from './rangeChoice.tsx';

/** What fires now, and what did: each leads to its host as it was then. */
export function AlertsPage() {
  const services = useServices();
  const range = rangeIn(services.view.query.value);
  const feed = useMemo(() => openAlertFeed(services, range.minutes), [services, range.minutes]);
  useEffect(() => () => feed.close(), [feed]);
  const lists = feed.lists.value;
  const fault = feed.fault.value;
  const firing = lists?.firing.length ?? 0;
  usePageTitle(firing > 0 ? `${countOf(firing, 'alert')} firing` : 'Alerts');

  return (
    <AlertSection
      title="Alerts"
      actions={
        <RangeChoice
          chosen={range}
          onChoose={({ name }) =>
            services.view.setQuery({ range: name === DEFAULT_RANGE ? undefined : name }, { push: true })
          }
        />
      }
    >
      {fault !== undefined && (
        <p class="notice" role="alert">
          The alerts could not be read: {fault}
        </p>
      )}
      {lists === undefined ? (
        fault === undefined && <p class="page-wait">Loading…</p>
      ) : (
        <>
          <FiringList items={lists.firing} />
          <PastTable items={lists.over} range={range} />
        </>
      )}
    </AlertSection>
  );
}
