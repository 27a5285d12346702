import './fleet.css';
import { useLayoutEffect } from 'preact/hooks';
import { useServices } from '../services.tsx';
import { usePageTitle } from '../shell/pageTitle.ts';
import { hostPath } from '../state/routes.ts';
import { ConnectHost } from './connectHost.tsx';
import { ALL, criteriaOf, isNarrowed, queryOf } from './criteria.ts';
import { FleetBar } from './fleetBar.tsx';
import { FleetTable } from './fleetTable.tsx';
import type { Fleet } from './fleet.ts';
import type { Source } from './load.ts';

interface FleetPageProps {
  fleet: Fleet;
  /** Where there is one host only, show that: whoever has a single one has no use for a list. */
  straightToOne?: boolean;
}

export function FleetPage({ fleet, straightToOne = false }: FleetPageProps) {
  const { view } = useServices();
  const source = fleet.source.value;
  const firing = fleet.counts.value.firing;
  usePageTitle(firing > 0 ? `(${firing}) Fleet` : 'Fleet');
  useLayoutEffect(() => fleet.run(), [fleet]);

  const isNarrow = isNarrowed(criteriaOf(view.query.value));
  const only = straightToOne && !isNarrow && fleet.counts.value.all === 1 ? fleet.ids.value[0] : undefined;
  useLayoutEffect(() => {
    if (only !== undefined) view.go(hostPath(only), { replace: true });
  }, [only, view]);

  const isEmpty = fleet.counts.value.all === 0;

  if (source === undefined || only !== undefined) return <Waiting fleet={fleet} />;
  return (
    <div class="fleet">
      {isEmpty ? <h1>Fleet</h1> : <FleetBar fleet={fleet} />}
      <SourceNotice source={source} />
      <Failure fleet={fleet} />
      {isEmpty ? <EmptyFleet /> : <FleetList fleet={fleet} isNarrow={isNarrow} />}
    </div>
  );
}

function EmptyFleet() {
  return (
    <div class="page-message">
      <h2>No host has reported yet</h2>
      <ConnectHost />
    </div>
  );
}

function FleetList({ fleet, isNarrow }: { fleet: Fleet; isNarrow: boolean }) {
  const { view } = useServices();
  return (
    <>
      <FleetTable fleet={fleet} />
      {fleet.ids.value.length === 0 && (
        <p class="fleet-none">
          No host fits.{' '}
          <button type="button" class="button" onClick={() => view.setQuery(queryOf(ALL))}>
            Show all
          </button>
        </p>
      )}
      {!isNarrow && (
        <details class="connect-more">
          <summary>Connect a host</summary>
          <ConnectHost />
        </details>
      )}
    </>
  );
}

/** Nothing for the moment that an answer usually takes, so that nothing flickers. */
function Waiting({ fleet }: { fleet: Fleet }) {
  return (
    <div class="fleet">
      <h1 class="unseen">Fleet</h1>
      <Failure fleet={fleet} />
    </div>
  );
}

function Failure({ fleet }: { fleet: Fleet }) {
  const failure = fleet.failure.value;
  return (
    <div class="fleet-failure" role="status">
      {failure !== undefined && (
        <p class="notice">
          <strong>The list could not be read.</strong> {failure} Trying again…
        </p>
      )}
    </div>
  );
}

function SourceNotice({ source }: { source: Source }) {
  if (source.from === 'agents') return null;
  return source.because === 'disabled' ? (
    <p class="notice">
      <strong>Without PostgreSQL</strong> this lists who reported within the last minutes. Names, labels, and
      hosts that fell silent before need it: set <code>POSTGRES_DSN</code> and start Topline again.
    </p>
  ) : (
    <p class="notice">
      <strong>The list of hosts cannot be read.</strong> {source.detail} Shown is who reported within the last
      minutes, without names and labels. Trying again…
    </p>
  );
}
