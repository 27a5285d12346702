import { useServices } from '../services.tsx';
import { durationText } from '../state/time.ts';
import { shareText } from './figures.ts';
import type { ShownAlert } from './hostAlerts.ts';
import type { HostModel } from './hostModel.ts';

/**
 * Above the CPU: when alerts were on, and who it was. Its place is kept where there is none. To be seen only: in a long
 * range they are too narrow to be hit, and the list of alerts has all of them, to read and to go to.
 */
export function AlertStrip({ model }: { model: HostModel }) {
  const { from, to } = model.span.value;
  const part = (seconds: number) => `${(100 * seconds) / (to - from)}%`;
  return (
    <ul class="alert-strip" aria-hidden="true">
      {model.alerts.alerts.value.map((alert) => {
        const begin = Math.max(from, alert.from);
        const end = Math.min(to, alert.to ?? to);
        return (
          <li key={alert.id} style={{ left: part(begin - from), width: part(end - begin) }}>
            <AlertFlag alert={alert} />
          </li>
        );
      })}
    </ul>
  );
}

function AlertFlag({ alert }: { alert: ShownAlert }) {
  const { time, clock } = useServices();
  const now = clock.now.peek();
  const culprit = alert.culprits?.[0];
  const who = culprit === undefined ? undefined : `${culprit.name} ${shareText(culprit.share)}`;
  const lasted = alert.to === undefined ? 'still on' : `for ${durationText(alert.to - alert.from)}`;
  const title = `${alert.message}\n${time.near(alert.from, now)}, ${lasted}${who === undefined ? '' : `: ${who}`}`;
  return (
    <span class="alert-flag" title={title}>
      <span>!</span>
      <span class="alert-who">{who ?? 'alert'}</span>
    </span>
  );
}
