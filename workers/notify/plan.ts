import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { NotificationRoute } from '../../core/contracts/alerting/notification.ts';
import { messagesOf } from './messages.ts';
import type { GroupState, Member } from './groupState.ts';

/** What deciding goes by, beside the group itself. */
export interface Circumstances {
  nowMs: number;
  /** Undefined where the route is gone: then nothing more is sent. */
  route: NotificationRoute | undefined;
  /** Whether an alert still is one for the route. */
  matches(alert: Alert): boolean;
  /** Silenced, under maintenance, or of an agent that is known to be silent: it waits. */
  isHeld(alert: Alert): boolean;
  isAcknowledged(alertId: string): boolean;
  /** Whether a channel forgets what it is not told again and again. */
  forgets(channelId: string): boolean;
}

export interface Plan {
  state: GroupState;
  /** When to decide again, epoch ms; undefined where only a change can bring news. */
  wakeAtMs: number | undefined;
  /** The same for when the outbox has been sent. */
  wakeAfterSendingMs: number | undefined;
  /** Whether there is nothing left to remember. */
  isDone: boolean;
}

/**
 * How soon it is noticed that an alert is not held any more: a silence has ended, or was taken away; or that somebody took
 * back an acknowledgement.
 */
const HELD_LOOK_MS = 15_000;
const ACKNOWLEDGED_LOOK_MS = 60_000;

/** An alert that comes and goes all the time is told of this often at most. */
export const FLAP_DAMP_MS = 10 * 60_000;

/** How often a channel that forgets is told. Alertmanager wants it between 30 s and 3 min. */
export const REFRESH_MS = 60_000;

/** How long a change may be late: longer than a job of a dead worker lies. */
const KEEP_OVER_MS = 3_600_000;

/** What was decided and may not have been sent, where whoever decided it has died. */
const OUTBOX_LOOK_MS = 5_000;

/**
 * What a group sends now, and when to look again. What it decides stands in the outbox of the state it returns; the same
 * is never decided twice, sending it twice may happen.
 */
export function plan(before: GroupState, circumstances: Circumstances): Plan {
  const { nowMs, route } = circumstances;
  if (route === undefined) return finish({ ...before, members: {} }, [], nowMs);
  const group = new Planning(before, route, circumstances);
  group.notifyNews();
  group.repeat();
  group.escalate();
  group.refresh();
  return finish(group.state, group.wakes, nowMs);
}

/** One decision in the making: each step sends what is due, and notes when it will be. */
class Planning {
  readonly wakes: number[] = [];
  state: GroupState;
  readonly #route: NotificationRoute;
  readonly #by: Circumstances;

  constructor(before: GroupState, route: NotificationRoute, circumstances: Circumstances) {
    this.#route = route;
    this.#by = circumstances;
    this.state = { ...before, members: {}, over: { ...before.over }, flaps: { ...before.flaps } };
    for (const [id, known] of Object.entries(before.members)) {
      const member = this.#isMissed(known) ? { ...known, told: route.channels } : known;
      if (!this.#isOfNoInterest(member)) this.state.members[id] = { ...member };
      // One that only does not belong here any more may come to belong here again.
      else if (member.alert.state === 'resolved') this.state.over[id] = circumstances.nowMs;
    }
  }

  /** That alerts fire, and that they are over, to those who were told that they fire. */
  notifyNews(): void {
    const ready = this.#members().filter(({ alert }) => !this.#isHeld(alert));
    const fresh = ready.filter((member) => isUnnotified(member) && !this.#isAcknowledged(member.alert.id));
    const { group_wait_seconds, group_interval_seconds } = this.#route;
    const { lastMessageAtMs } = this.state;
    const first = Math.min(...fresh.map(({ joinedAtMs }) => joinedAtMs)) + group_wait_seconds * 1000;
    const nextAtMs = (lastMessageAtMs ?? -Infinity) + group_interval_seconds * 1000;
    const isNew = this.#members().every(({ told }) => told.length === 0);
    const opensAtMs = isNew ? Math.max(first, nextAtMs) : nextAtMs;
    const begun = fresh.filter((member) =>
      this.#isDue(Math.max(opensAtMs, this.#dampedUntilMs(member.alert))),
    );
    // While the same fires anew and that is not told yet, nobody wants to hear that it is over.
    const firing = this.#members().filter((member) => isUnnotified(member) && !begun.includes(member));
    const again = new Set(firing.map(({ alert }) => flapKeyOf(alert)));
    const ended = ready.filter(
      ({ alert }) => alert.state === 'resolved' && !again.has(flapKeyOf(alert)) && this.#isDue(opensAtMs),
    );
    if (begun.length + ended.length === 0) return;
    this.state.lastMessageAtMs = this.#by.nowMs;
    // First what is over: the same may fire anew, and that is what is to be read last.
    for (const channelId of new Set(ended.flatMap(({ told }) => told)))
      this.#queue(
        'resolved',
        ended.filter(({ told }) => told.includes(channelId)),
        channelId,
      );
    for (const { alert } of ended) {
      this.state.over[alert.id] = this.#by.nowMs;
      delete this.state.members[alert.id];
    }
    this.#notify('firing', begun, this.#route.channels);
  }

  /** That they still fire, to all who were told that they do. */
  repeat(): void {
    const everyMs = this.#route.repeat_seconds * 1000;
    if (everyMs === 0) return;
    const notified = this.#members().filter((member) => this.#isAgitating(member));
    const since = (member: Member) => this.#by.nowMs - (member.lastToldAtMs ?? this.#by.nowMs);
    if (notified.filter((member) => this.#isDue((member.lastToldAtMs ?? 0) + everyMs)).length === 0) return;
    // Those that would be due soon go with them, so that a group does not send each by itself.
    const due = notified.filter((member) => since(member) >= everyMs / 2);
    for (const member of due) {
      member.repeats += 1;
      member.lastToldAtMs = this.#by.nowMs;
      this.wakes.push(this.#by.nowMs + everyMs);
    }
    for (const channelId of new Set(due.flatMap(({ told: channels }) => channels)))
      this.#queue(
        'still_firing',
        due.filter(({ told: channels }) => channels.includes(channelId)),
        channelId,
      );
  }

  /** That nobody has acknowledged them, to those who are told only then. */
  escalate(): void {
    const { escalate } = this.#route;
    if (escalate === undefined) return;
    const due = this.#members().filter(
      (member) =>
        !member.escalated &&
        this.#isAgitating(member) &&
        this.#isDue((member.firstToldAtMs ?? 0) + escalate.after_seconds * 1000),
    );
    for (const member of due) member.escalated = true;
    this.#notify('escalation', due, escalate.channels);
  }

  /** That they fire, to channels that take what they hear no more of to be over; also of what is held by us. */
  refresh(): void {
    const { refreshedAtMs } = this.state;
    const firing = this.#members().filter(({ alert }) => alert.state === 'firing');
    const channels = new Set(firing.flatMap((member) => member.told)).values();
    const forgetful = [...channels].filter((channelId) => this.#by.forgets(channelId));
    if (forgetful.length === 0) return;
    const firstToldAtMs = Math.min(...firing.map((member) => member.firstToldAtMs ?? Infinity));
    if (!this.#isDue(Math.max(refreshedAtMs ?? 0, firstToldAtMs) + REFRESH_MS)) return;
    this.state.refreshedAtMs = this.#by.nowMs;
    this.state.refreshes += 1;
    this.wakes.push(this.#by.nowMs + REFRESH_MS);
    for (const channelId of forgetful)
      this.#queue(
        'refresh',
        firing.filter((member) => member.told.includes(channelId)),
        channelId,
      );
  }

  #members(): Member[] {
    return Object.values(this.state.members);
  }

  /** One that was over when the group first got it: nobody could be told that it fires, so that it did is news. */
  #isMissed({ alert, told, joinedOver }: Member): boolean {
    if (joinedOver !== true || told.length > 0) return false;
    const { nowMs, isHeld, isAcknowledged } = this.#by;
    return !isHeld(alert) && !isAcknowledged(alert.id) && this.#dampedUntilMs(alert) <= nowMs;
  }

  /** One that was not told of when it ended, or is not for this route any more, or whose end nobody wants to know. */
  #isOfNoInterest(member: Member): boolean {
    if (member.alert.state === 'resolved') return member.told.length === 0 || !this.#route.send_resolved;
    return member.told.length === 0 && !this.#by.matches(member.alert);
  }

  /** Of a firing one that somebody was told of and nobody has seen to. */
  #isAgitating({ alert, told }: Member): boolean {
    return (
      alert.state === 'firing' && told.length > 0 && !this.#isAcknowledged(alert.id) && !this.#isHeld(alert)
    );
  }

  #isAcknowledged(alertId: string): boolean {
    if (!this.#by.isAcknowledged(alertId)) return false;
    this.wakes.push(this.#by.nowMs + ACKNOWLEDGED_LOOK_MS);
    return true;
  }

  #isHeld(alert: Alert): boolean {
    if (!this.#by.isHeld(alert)) return false;
    this.wakes.push(this.#by.nowMs + HELD_LOOK_MS);
    return true;
  }

  #dampedUntilMs(alert: Alert): number {
    const notifiedAtMs = this.state.flaps[flapKeyOf(alert)];
    return alert.flapping && notifiedAtMs !== undefined ? notifiedAtMs + FLAP_DAMP_MS : 0;
  }

  #isDue(atMs: number): boolean {
    if (atMs <= this.#by.nowMs) return true;
    this.wakes.push(atMs);
    return false;
  }

  /** Tells channels something new of members, and remembers whom. */
  #notify(kind: 'firing' | 'escalation', members: Member[], channels: readonly string[]): void {
    const { nowMs } = this.#by;
    for (const channelId of new Set(channels)) this.#queue(kind, members, channelId);
    for (const member of members) {
      member.told = [...new Set([...member.told, ...channels])];
      member.firstToldAtMs ??= nowMs;
      member.lastToldAtMs = nowMs;
      if (kind === 'firing') this.state.flaps[flapKeyOf(member.alert)] = nowMs;
    }
  }

  #queue(kind: Parameters<typeof messagesOf>[0], members: Member[], channelId: string): void {
    const made = messagesOf(kind, members, { group: this.state, channelId, nowMs: this.#by.nowMs });
    this.state.outbox = [...this.state.outbox, ...made];
  }
}

function isUnnotified({ alert, told }: Member): boolean {
  return alert.state === 'firing' && told.length === 0;
}

function flapKeyOf({ rule_id, agent_id }: Alert): string {
  return `${rule_id} ${agent_id}`;
}

/** Forgets what is past, and says when there is something to do next. */
function finish(state: GroupState, wakes: number[], nowMs: number): Plan {
  const after = {
    ...state,
    flaps: since(state.flaps, nowMs - FLAP_DAMP_MS),
    over: since(state.over, nowMs - KEEP_OVER_MS),
  };
  const remembered = [
    ...Object.values(after.flaps).map((atMs) => atMs + FLAP_DAMP_MS),
    ...Object.values(after.over).map((atMs) => atMs + KEEP_OVER_MS),
  ];
  const isEmpty = Object.keys(after.members).length === 0;
  if (isEmpty && remembered.length > 0) wakes.push(Math.max(...remembered));
  const hasMail = after.outbox.length > 0;
  return {
    state: after,
    wakeAtMs: earliest(hasMail ? [...wakes, nowMs + OUTBOX_LOOK_MS] : wakes),
    wakeAfterSendingMs: earliest(wakes),
    isDone: isEmpty && !hasMail && remembered.length === 0,
  };
}

function earliest(times: number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}

function since(times: Record<string, number>, oldestMs: number): Record<string, number> {
  return Object.fromEntries(Object.entries(times).filter(([, atMs]) => atMs > oldestMs));
}
