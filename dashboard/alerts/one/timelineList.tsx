import type { AlertDetail } from '../../../core/contracts/alerting/views.ts';
import { Time } from '../../shell/time.tsx';
import { timelineOf } from './alertTimeline.ts';

/** What happened and who was notified, oldest first. */
export function TimelineList({ detail }: { detail: AlertDetail }) {
  const events = timelineOf(detail);
  return (
    <section class="panel" aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      {events.length === 0 ? (
        <p class="panel-note">Nothing is kept of it: without POSTGRES_DSN, or not yet.</p>
      ) : (
        <ol class="events">
          {events.map(({ key, atMs, what, detail: more, mood }) => (
            <li key={key} data-mood={mood}>
              <span class="event-time">
                <Time seconds={Math.floor(atMs / 1000)} />
              </span>
              <span class="event-what">
                {what}
                {more !== undefined && <span class="event-more">{more}</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
