import { usePageTitle } from '../shell/pageTitle.ts';

export function HostPage({ agent }: { agent: string }) {
  usePageTitle(agent);
  return (
    <div class="page-message">
      <h1>{agent}</h1>
      <p>Not built yet.</p>
    </div>
  );
}
