import { useEffect, useMemo } from 'preact/hooks';
import { useServices } from '../services.tsx';
import { usePageTitle } from '../shell/pageTitle.ts';
import { countOf } from '../state/number.ts';
import { openAlertFeed } from './alertFeed.ts';
import './alerts.css';
import { FiringList } from './firingList.tsx';
import { PendingList } from './pendingList.tsx';
import { AlertSection } from './section/alertSection.tsx';

/** What fires now, and what is about to. */
export function AlertsPage() {
  const services = useServices();
  const feed = useMemo(() => openAlertFeed(services), [services]);
  useEffect(() => () => feed.close(), [feed]);
  const lists = feed.lists.value;
  const error = feed.error.value;
  const firing = lists?.firing.length ?? 0;
  usePageTitle(firing > 0 ? `${countOf(firing, 'alert')} firing` : 'Alerts');

  return (
    <AlertSection title="Alerts">
      {error !== undefined && (
        <p class="notice" role="alert">
          The alerts could not be read: {error}
        </p>
      )}
      {lists === undefined ? (
        error === undefined && <p class="page-wait">Loading…</p>
      ) : (
        <>
          <FiringList items={lists.firing} onDone={feed.refresh} />
          <PendingList items={lists.pending} />
        </>
      )}
    </AlertSection>
  );
}
