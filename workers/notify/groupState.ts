import { z } from 'zod';
import { alertSchema, type Alert } from '../../core/contracts/alerting/alert.ts';
import { queuedMessageSchema } from '../../core/contracts/alerting/notice.ts';
import { channelIdSchema, routeSchema } from '../../core/contracts/alerting/notification.ts';

const epochMs = z.number().int();

/** An alert of a group, and what was sent of it. The names of its fields are older than those of the code: they are stored. */
const memberSchema = z.object({
  alert: alertSchema,
  joinedAtMs: epochMs,
  /** It was over when the group first got it. */
  joinedOver: z.literal(true).optional(),
  /** Channels that were told that it fires, and are to be told when it is over. */
  told: z.array(channelIdSchema),
  firstToldAtMs: epochMs.nullable(),
  lastToldAtMs: epochMs.nullable(),
  repeats: z.number().int(),
  escalated: z.boolean(),
});

export type Member = z.output<typeof memberSchema>;

/**
 * The alerts of which one route notifies together, and what there is to remember of what it sent. Decided first and sent
 * afterwards: `outbox` has what was decided and may not have been sent yet.
 */
export const groupStateSchema = z.object({
  routeId: channelIdSchema,
  groupBy: routeSchema.shape.group_by.unwrap(),
  /** What its alerts have in common; empty where the route gathers all. */
  key: z.string(),
  members: z.record(z.string(), memberSchema),
  lastMessageAtMs: epochMs.nullable(),
  refreshedAtMs: epochMs.nullable(),
  refreshes: z.number().int(),
  /** By rule and agent: when it was last told that it fires, where it does so too often. */
  flaps: z.record(z.string(), epochMs),
  /** Alerts that are done with, and when: a change that comes late must not notify of them anew. */
  over: z.record(z.string(), epochMs),
  outbox: z.array(queuedMessageSchema),
});

export type GroupState = z.output<typeof groupStateSchema>;

export type GroupBy = GroupState['groupBy'];

export const GROUPINGS: readonly GroupBy[] = ['agent', 'rule', 'alert', 'all'];

/** What alerts of one group have in common. */
export function groupKeyOf(alert: Alert, groupBy: GroupBy): string {
  return { agent: alert.agent_id, rule: alert.rule_id, alert: alert.id, all: '' }[groupBy];
}

/** Under which a group is kept. */
export function groupIdOf(routeId: string, groupBy: GroupBy, key: string): string {
  return `${routeId} ${groupBy} ${key}`;
}

export function emptyGroup(routeId: string, groupBy: GroupBy, key: string): GroupState {
  return {
    routeId,
    groupBy,
    key,
    members: {},
    lastMessageAtMs: null,
    refreshedAtMs: null,
    refreshes: 0,
    flaps: {},
    over: {},
    outbox: [],
  };
}

/** Whether a group has notified of an alert, or is about to. */
export function knows({ members, over }: GroupState, alertId: string): boolean {
  return Object.hasOwn(members, alertId) || Object.hasOwn(over, alertId);
}

/**
 * A group with an alert that arrived. What is older than what it knows, or done with, changes nothing; neither does one that
 * it does not know, unless that belongs here. One that is over when it first arrives joins, too: the change that it fires
 * was overtaken, or lay too long.
 */
export function withAlert(state: GroupState, alert: Alert, belongs: boolean, nowMs: number): GroupState {
  if (Object.hasOwn(state.over, alert.id)) return state;
  const known = state.members[alert.id];
  if (known === undefined ? !belongs : known.alert.revision >= alert.revision) return state;
  const member = known ?? {
    joinedAtMs: nowMs,
    ...(alert.state === 'resolved' ? { joinedOver: true as const } : {}),
    told: [],
    firstToldAtMs: null,
    lastToldAtMs: null,
    repeats: 0,
    escalated: false,
  };
  return { ...state, members: { ...state.members, [alert.id]: { ...member, alert } } };
}

/** Undefined where the text is none of ours. */
export function parseGroup(text: string | undefined): GroupState | undefined {
  if (text === undefined) return undefined;
  try {
    return groupStateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
