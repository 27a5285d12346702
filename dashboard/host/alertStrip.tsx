import { useServices } from '../services.tsx';
import { durationText } from '../state/time.ts';
import { shareText } from './figures.ts';
import type { ShownAlert } from './hostAlerts.ts';
import type { HostModel } from './hostModel.ts';

/** Above the CPU: when alerts were on, and who it was. Its place is kept where there is none. */
export function AlertStrip({ model }: { model: HostModel }) {
  const { from, to } = model.span.value;
  const part = (seconds: number) => `${(100 * (seconds - from)) / (to - from)}%`;
  return (
    <ul class="alert-strip" aria-label="Alerts in this range">
      {model.alerts.alerts.value.map((alert) => {
        const begin = Math.max(from, alert.from);
        const end = Math.min(to, alert.to ?? to);
        return (
          <li key={alert.id} style={{ left: part(begin), width: `${(100 * (end - begin)) / (to - from)}%` }}>
            <AlertButton model={model} alert={alert} />
          </li>
        );
      })}
    </ul>
  );
}

function AlertButton({ model, alert }: { model: HostModel; alert: ShownAlert }) {
  const { time, clock } = useServices();
  const culprit = alert.culprits?.[0];
  const lasted = durationText((alert.to ?? clock.now.peek()) - alert.from);
  const who = culprit === undefined ? '' : `: ${culprit.name} ${shareText(culprit.share)}`;
  const when = `${time.near(alert.from, clock.now.peek())}, ${alert.to === undefined ? 'still on' : `for ${lasted}`}`;
  return (
    <button
      type="button"
      title={`${alert.message}\n${when}${who}`}
      aria-label={`Alert ${when}${who}. Hold on to the moment it fired.`}
      onClick={() => model.change({ at: alert.firedAt })}
    >
      <span class="alert-mark" aria-hidden="true">
        !
      </span>
      <span class="alert-who">
        {culprit === undefined ? 'alert' : `${culprit.name} ${shareText(culprit.share)}`}
      </span>
    </button>
  );
}
