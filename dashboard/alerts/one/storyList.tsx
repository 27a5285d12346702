import type { AlertDetail } from '../../../core/contracts/alerting/views.ts';
import { Time } from '../../shell/time.tsx';
import { storyOf } from './story.ts';

/** What happened and what was told, oldest first. */
export function StoryList({ detail }: { detail: AlertDetail }) {
  const events = storyOf(detail);
  return (
    <section class="panel" aria-labelledby="story">
      <h2 id="story">What happened</h2>
      {events.length === 0 ? (
        <p class="panel-note">Nothing is kept of it: without POSTGRES_DSN, or not yet.</p>
      ) : (
        <ol class="story">
          {events.map(({ key, atMs, what, detail: more, mood }) => (
            <li key={key} data-mood={mood}>
              <span class="story-time">
                <Time seconds={Math.floor(atMs / 1000)} />
              </span>
              <span class="story-what">
                {what}
                {more !== undefined && <span class="story-more">{more}</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
