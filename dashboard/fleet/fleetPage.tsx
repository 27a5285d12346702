import { usePageTitle } from '../shell/pageTitle.ts';

export function FleetPage({ straightToOne = false }: { straightToOne?: boolean }) {
  usePageTitle(straightToOne ? '' : 'Fleet');
  return (
    <div class="page-message">
      <h1>Fleet</h1>
      <p>Not built yet.</p>
    </div>
  );
}
