import { PAGES } from '../../core/contracts/pages.ts';
import { usePageTitle } from './pageTitle.ts';

export function NotFoundPage() {
  usePageTitle('Not found');
  return (
    <div class="page-message">
      <h1>There is no such page</h1>
      <p>
        <a href={PAGES.fleet}>To the fleet</a>
      </p>
    </div>
  );
}
