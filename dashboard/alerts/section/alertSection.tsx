import type { ComponentChildren } from 'preact';
import { PAGES } from '../../../core/contracts/pages.ts';
import { useServices } from '../../services.tsx';
import { placeOf } from '../../state/routes.ts';
import './section.css';

const TABS = [
  { page: 'alerts', name: 'Firing' },
  { page: 'alertHistory', name: 'History' },
  { page: 'alertRules', name: 'Rules' },
  { page: 'silences', name: 'Silences' },
  { page: 'alertChannels', name: 'Channels' },
] as const;

interface AlertSectionProps {
  title: string;
  /** Beside the title: what chooses or begins something. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** What is around each page about alerts: its heading, and the way to the others. */
export function AlertSection({ title, actions, children }: AlertSectionProps) {
  const { view } = useServices();
  const shown = placeOf(view.path.value)?.page;
  return (
    <div class="alert-section">
      <nav class="alert-tabs" aria-label="Alerts">
        {TABS.map(({ page, name }) => (
          <a key={page} href={PAGES[page]} aria-current={page === shown ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <header class="alert-section-head">
        <h1>{title}</h1>
        {actions}
      </header>
      {children}
    </div>
  );
}
