import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import { serverMs } from '../serverTime.ts';
import { factsOf, linkOf, sentenceOf } from '../wording.ts';
import { jsonMessage, type HttpChannel, type Message } from './channel.ts';

/**
 * How long Alertmanager takes an alert to fire if it hears no more of it: it is told every minute (workers/notify), and may
 * miss four times.
 */
const VALID_FOR_MS = 5 * 60_000;

const PATH = '/api/v2/alerts';

/**
 * Alertmanager (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml): it groups, silences and tells by
 * itself. Alerts of the same labels are one to it, so repetitions change nothing.
 */
export const alertmanagerMessages: HttpChannel<'alertmanager'> = ({ url }, message) => {
  const base = url.replace(/\/$/, '');
  return [
    jsonMessage(
      base.endsWith(PATH) ? base : base + PATH,
      message.notice.alerts.map((alert) => alertOf(alert, message)),
    ),
  ];
};

function alertOf(alert: Alert, { notice, nowMs, publicUrl }: Message) {
  const link = linkOf(alert, publicUrl);
  const { resolved_at } = alert;
  const startsAtMs = Math.min(serverMs(alert, alert.fired_at ?? alert.started_at), nowMs);
  // It refuses what begins after its end.
  const endsAtMs =
    resolved_at === null ? nowMs + VALID_FOR_MS : Math.max(serverMs(alert, resolved_at), startsAtMs);
  return {
    labels: {
      ...Object.fromEntries(Object.entries(alert.labels).map(([key, value]) => [labelName(key), value])),
      alertname: alert.rule_id,
      instance: alert.agent_id,
      severity: alert.severity,
    },
    annotations: {
      summary: sentenceOf(alert, notice.kind, nowMs),
      ...Object.fromEntries(
        factsOf(alert, nowMs).map(([name, value]) => [labelName(name.toLowerCase()), value]),
      ),
    },
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    ...(link === undefined ? {} : { generatorURL: link }),
  };
}

/** What Prometheus takes as the name of a label. */
function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}
