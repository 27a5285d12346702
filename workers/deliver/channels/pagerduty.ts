import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import { serverMs } from '../serverTime.ts';
import { cut, factsOf, linkOf, sentenceOf } from '../wording.ts';
import { jsonMessage, type HttpChannel, type Message, type TargetOf } from './channel.ts';

const MAX_SUMMARY = 1024;

/**
 * PagerDuty Events API v2 (https://developer.pagerduty.com/docs/events-api-v2/trigger-events/). An incident of ours is one
 * of theirs: the id of the alert is the `dedup_key`, so whatever comes again changes nothing. A test opens one and closes
 * it.
 */
export const pagerdutyMessages: HttpChannel<'pagerduty'> = (target, message) =>
  message.notice.alerts.flatMap((alert) => {
    const { kind } = message.notice;
    if (kind === 'resolved') return [resolve(target, alert.id)];
    if (kind === 'test') return [trigger(target, alert, message), resolve(target, alert.id)];
    return [trigger(target, alert, message)];
  });

function trigger(
  { url, routing_key }: TargetOf<'pagerduty'>,
  alert: Alert,
  { notice, nowMs, publicUrl }: Message,
) {
  const link = linkOf(alert, publicUrl);
  const event = jsonMessage(url, {
    routing_key,
    event_action: 'trigger',
    dedup_key: alert.id,
    client: 'Topline',
    ...(publicUrl === undefined ? {} : { client_url: publicUrl }),
    ...(link === undefined ? {} : { links: [{ href: link, text: 'The host at that moment' }] }),
    payload: {
      summary: cut(sentenceOf(alert, notice.kind, nowMs), MAX_SUMMARY),
      source: alert.agent_id,
      severity: alert.severity,
      timestamp: new Date(serverMs(alert, alert.fired_at ?? alert.started_at)).toISOString(),
      class: alert.rule_id,
      custom_details: Object.fromEntries(factsOf(alert, nowMs)),
    },
  });
  return { ...event, part: `trigger ${alert.id}` };
}

function resolve({ url, routing_key }: TargetOf<'pagerduty'>, dedup_key: string) {
  return {
    ...jsonMessage(url, { routing_key, event_action: 'resolve', dedup_key }),
    part: `resolve ${dedup_key}`,
  };
}
