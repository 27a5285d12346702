import type { AlertView } from '../../core/contracts/alerting/views.ts';
import { firingIn, type OpenAlerts } from '../alerts/openAlerts.ts';

/** The alerts that are firing, by agent, those first that nobody sees to; who has none is not in it. */
export type FiringByAgent = ReadonlyMap<string, readonly AlertView[]>;

export function firingByAgent(open: OpenAlerts): FiringByAgent {
  const firing = new Map<string, AlertView[]>();
  for (const alert of firingIn(open)) {
    const known = firing.get(alert.agent_id);
    if (known === undefined) firing.set(alert.agent_id, [alert]);
    else known.push(alert);
  }
  return firing;
}
