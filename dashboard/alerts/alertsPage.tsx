import { usePageTitle } from '../shell/pageTitle.ts';

export function AlertsPage() {
  usePageTitle('Alerts');
  return (
    <div class="page-message">
      <h1>Alerts</h1>
      <p>Not built yet.</p>
    </div>
  );
}
