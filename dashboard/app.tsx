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

/** Those that need to know no more than that it is them. */
const PLAIN_PAGES = {
  alerts: AlertsPage,
  alertHistory: AlertHistoryPage,
  alertRules: RulesPage,
  silences: SilencesPage,
  alertChannels: ChannelsPage,
  operations: OperationsPage,
};

const LAZY_PAGES: Partial<Record<PageName, { preload(): void }>> = {
  ...PLAIN_PAGES,
  host: HostPage,
  alert: AlertPage,
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
  if (place === undefined) return <NotFoundPage />;
  const { page, agent = '', alert = '' } = place;
  switch (page) {
    case 'home':
      return <FleetPage fleet={fleet} straightToOne />;
    case 'fleet':
      return <FleetPage fleet={fleet} />;
    case 'host':
      return <HostPage key={agent} agent={agent} />;
    case 'alert':
      return <AlertPage key={alert} id={alert} />;
    case 'signIn':
      return <SignInPage />;
    case 'alerts':
    case 'alertHistory':
    case 'alertRules':
    case 'silences':
    case 'alertChannels':
    case 'operations': {
      const Page = PLAIN_PAGES[page];
      return <Page />;
    }
  }
}
