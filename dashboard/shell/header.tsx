import { PAGES, type PageName } from '../../core/contracts/pages.ts';
import { useServices } from '../services.tsx';
import { placeOf } from '../state/routes.ts';
import { LinkLamp } from './linkLamp.tsx';
import { Menu } from './menu.tsx';
import { ThemeSwitch } from './themeSwitch.tsx';

/** Where each leads, what it is called, and which pages it stands for. */
const ENTRIES: { path: string; name: string; pages: PageName[] }[] = [
  { path: PAGES.fleet, name: 'Fleet', pages: ['home', 'fleet', 'host'] },
  {
    path: PAGES.alerts,
    name: 'Alerts',
    pages: ['alerts', 'alertHistory', 'alertRules', 'silences', 'alertChannels', 'alert'],
  },
  { path: PAGES.operations, name: 'Operations', pages: ['operations'] },
];

export function Header() {
  const { session, view } = useServices();
  const place = placeOf(view.path.value);
  return (
    <header class="header">
      <a class="brand" href={PAGES.home} aria-label="Topline, to the first page">
        <svg class="brand-mark" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M2 5h16" />
          <path d="M2 14l4-3 3 4 4-6 5 4" />
        </svg>
        <span class="brand-name">Topline</span>
      </a>
      <nav class="nav" aria-label="Pages" hidden={session.closed.value}>
        {ENTRIES.map(({ path, name, pages }) => (
          <a
            key={path}
            href={path}
            aria-current={place !== undefined && pages.includes(place.page) ? 'page' : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <div class="header-end">
        <LinkLamp />
        <ThemeSwitch />
        <Menu />
      </div>
    </header>
  );
}
