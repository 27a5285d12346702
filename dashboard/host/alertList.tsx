import { Time } from '../shell/time.tsx';
import { alertPath } from '../state/routes.ts';
import { durationText } from '../state/time.ts';
import { shareText } from './figures.ts';
import type { ShownAlert } from './hostAlerts.ts';
import type { HostModel } from './hostModel.ts';
import { EVENTS_REACH_MINUTES } from './alertWindows.ts';

/** How many culprits are named; the page of the alert has all. */
const NAMED = 3;

/** The alerts of the range, latest first, each with who it was. */
export function AlertList({ model }: { model: HostModel }) {
  const alerts = model.alerts.alerts.value.toReversed();
  const reach = model.services.clock.now.peek() - EVENTS_REACH_MINUTES * 60 - 60;
  const reaches = !model.alerts.eventsOnly.value || model.span.value.from >= reach;
  return (
    <section class="panel alerts" aria-labelledby="alerts-title">
      <div class="panel-head">
        <h2 id="alerts-title">Alerts in the range</h2>
        {alerts.length > 0 && <span class="count">{alerts.length}</span>}
      </div>
      {alerts.length === 0 && <p class="panel-note">None{reaches ? '.' : ' in the last 24 hours.'}</p>}
      <ul class="alert-list">
        {alerts.map((alert) => (
          <Item key={alert.id} model={model} alert={alert} />
        ))}
      </ul>
      {alerts.length > 0 && !reaches && (
        <p class="panel-note">Without POSTGRES_DSN, alerts are kept for 24 hours.</p>
      )}
    </section>
  );
}

function Item({ model, alert }: { model: HostModel; alert: ShownAlert }) {
  const { id, from, to, firedAt, message, culprits } = alert;
  return (
    <li data-on={to === undefined}>
      <button type="button" class="alert-when" title={message} onClick={() => model.change({ at: firedAt })}>
        <Time seconds={from} />
        <span>{to === undefined ? 'still on' : `for ${durationText(to - from)}`}</span>
      </button>
      <span class="culprits">
        {(culprits ?? []).slice(0, NAMED).map(({ name, share }) => (
          <button
            key={name}
            type="button"
            class="process-name"
            onClick={() => model.change({ process: name }, { push: true })}
          >
            {name} <span class="faint">{shareText(share)}</span>
          </button>
        ))}
      </span>
      <a class="alert-more" href={alertPath(id)}>
        {message}
      </a>
    </li>
  );
}
