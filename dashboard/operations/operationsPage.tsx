import { usePageTitle } from '../shell/pageTitle.ts';

export function OperationsPage() {
  usePageTitle('Operations');
  return (
    <div class="page-message">
      <h1>Operations</h1>
      <p>Not built yet.</p>
    </div>
  );
}
