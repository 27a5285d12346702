import { useEffect, useState } from 'preact/hooks';
import type { PageName } from '../core/contracts/pages.ts';
import { createFleet } from './fleet/fleet.ts';
import { FleetPage } from './fleet/fleetPage.tsx';
import { loadPlot } from './host/plotLoader.ts';
import { useServices } from './services.tsx';
import { lazyPage } from './shell/lazyPage.tsx';
import { NotFoundPage } from './shell/notFoundPage.tsx';
import { Shell } from './shell/shell.tsx';
import { SignInPage } from './shell/signInPage.tsx';
import { placeOf } from './state/routes.ts';

/** Apart from the first load: what only these pages need, charts above all. */
const HostPage = lazyPage(() => {
  // Asked for with its page, and not once that is there; where it fails, the chart says so.
  void loadPlot().catch(() => undefined);
  return import('./host/hostPage.tsx').then(({ HostPage }) => HostPage);
});
const AlertsPage = lazyPage(() => import('./alerts/alertsPage.tsx').then(({ AlertsPage }) => AlertsPage));
const AlertHistoryPage = lazyPage(() =>
  import('./alerts/history/alertHistoryPage.tsx').then(({ AlertHistoryPage }) => AlertHistoryPage),
);
const AlertPage = lazyPage(() => import('./alerts/one/alertPage.tsx').then(({ AlertPage }) => AlertPage));
const RulesPage = lazyPage(() => import('./alerting/rules/rulesPage.tsx').then(({ RulesPage }) => RulesPage));
const SilencesPage = lazyPage(() =>
  import('./alerting/silences/silencesPage.tsx').then(({ SilencesPage }) => SilencesPage),
);
const ChannelsPage = lazyPage(() =>
  import('./alerting/channels/channelsPage.tsx').then(({ ChannelsPage }) => ChannelsPage),
);
const OperationsPage = lazyPage(() =>
  import('./operations/operationsPage.tsx').then(({ OperationsPage }) => OperationsPage),
);

const LAZY_PAGES: Partial<Record<PageName, { preload(): void }>> = {
  host: HostPage,
  alerts: AlertsPage,
  alertHistory: AlertHistoryPage,
  alertRules: RulesPage,
  silences: SilencesPage,
  alertChannels: ChannelsPage,
  alert: AlertPage,
  operations: OperationsPage,
};

/** Has the page of a path fetched, before anything is there to show it. */
export function preloadPage(path: string): void {
  const place = placeOf(path);
  if (place !== undefined) LAZY_PAGES[place.page]?.preload();
}

/** After this many ms the page has settled, and fetches what a click on a host will need. */
const SETTLED_MS = 1_500;

/** The page of the path, within what is around every page; instead of it the way in, where the server asks for one. */
export function App() {
  useEffect(() => {
    const timer = setTimeout(HostPage.preload, SETTLED_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Shell>
      <CurrentPage />
    </Shell>
  );
}

function CurrentPage() {
  const services = useServices();
  const { session, view } = services;
  // Here and not in its page: whoever comes back from a host finds the list as it was left.
  const [fleet] = useState(() => createFleet(services));
  if (session.closed.value) return <SignInPage />;
  const place = placeOf(view.path.value);
  switch (place?.page) {
    case 'home':
      return <FleetPage fleet={fleet} straightToOne />;
    case 'fleet':
      return <FleetPage fleet={fleet} />;
    case 'host':
      return <HostPage key={place.agent} agent={place.agent ?? ''} />;
    case 'alerts':
      return <AlertsPage />;
    case 'alertHistory':
      return <AlertHistoryPage />;
    case 'alertRules':
      return <RulesPage />;
    case 'silences':
      return <SilencesPage />;
    case 'alertChannels':
      return <ChannelsPage />;
    case 'alert':
      return <AlertPage key={place.alert} id={place.alert ?? ''} />;
    case 'operations':
      return <OperationsPage />;
    case 'signIn':
      return <SignInPage />;
    case undefined:
      return <NotFoundPage />;
  }
}
