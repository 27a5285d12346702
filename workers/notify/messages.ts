import { createHash } from 'node:crypto';
import { MAX_NOTICE_ALERTS, type QueuedMessage } from '../../core/contracts/alerting/notice.ts';
import type { GroupState, Member } from './groupState.ts';

/** What a message says; `refresh`: that they fire, to a channel that forgets what it is not told. */
export type MessageKind = 'firing' | 'still_firing' | 'resolved' | 'escalation' | 'refresh';

interface Addressee {
  group: GroupState;
  channelId: string;
  nowMs: number;
}

/**
 * The messages that tell one channel of these alerts: one, or as many as it takes. Their ids follow from what they tell and
 * to whom, so that whoever decides the same again makes the same.
 */
export function messagesOf(
  kind: MessageKind,
  members: Member[],
  { group, channelId, nowMs }: Addressee,
): QueuedMessage[] {
  const made: QueuedMessage[] = [];
  for (let from = 0; from < members.length; from += MAX_NOTICE_ALERTS) {
    const some = members.slice(from, from + MAX_NOTICE_ALERTS);
    const parts = some.map((member) => [member.alert.id, numberOf(kind, member, group)]);
    made.push({
      id: hashOf([group.routeId, channelId, group.groupBy, group.key, kind, parts]),
      channel_id: channelId,
      notice: {
        kind: kind === 'refresh' ? 'still_firing' : kind,
        route_id: group.routeId,
        group: group.key,
        alerts: some.map(({ alert }) => alert),
        decided_at_ms: nowMs,
        ...(kind === 'refresh' ? { refresh: true } : {}),
      },
    });
  }
  return made;
}

/** Tells apart what of one alert is sent more than once. */
function numberOf(kind: MessageKind, member: Member, group: GroupState): number {
  if (kind === 'still_firing') return member.repeats;
  return kind === 'refresh' ? group.refreshes : 0;
}

function hashOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
