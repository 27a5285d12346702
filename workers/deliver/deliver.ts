import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { QueuedMessage } from '../../core/contracts/alerting/notice.ts';
import type { Channel, ChannelKind, Delivery } from '../../core/contracts/alerting/notification.ts';
import { PostponedError, RejectedDataError, RetryLaterError } from '../../core/errors.ts';
import { failpoint } from '../../core/platform/failpoints.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { DeliveredStore } from '../../core/stores/redis/delivered.ts';
import type { ChannelHealthStore } from '../../core/stores/redis/channelHealth.ts';
import type { MessageOrder, OrderedMessage, Turn } from '../../core/stores/redis/messageOrder.ts';
import type { JobInHand } from '../run/startWorker.ts';
import type { Message } from './channels/channel.ts';
import type { Circuits } from './circuits.ts';
import type { DeliveryMetrics } from './deliveryMetrics.ts';
import type { Outcome } from './outcome.ts';
import type { Progress } from './parts.ts';
import { GIVE_UP_AFTER_MS, retryDelayMs } from './retry.ts';

/** More than any message takes (send: its budget, and the last request it began). Whoever sends it may have died. */
const HOLD_MS = 20_000;

/** How soon one looks again whether the message before it is done. */
const TURN_LOOK_MS = 250;

/** Of a message that is not sent any more. */
const SUPERSEDED = {
  result: 'superseded' as const,
  status: null,
  detail: 'not sent: something newer about it was',
};

/** What a message came to. */
type Ending = Outcome | typeof SUPERSEDED;

/**
 * Who tells each alert by its id. All others, people above all, know a rule on a host: that an alert of it is over is no
 * news, and misleads, where the next one fires already.
 */
const KNOWS_ALERTS: ReadonlySet<ChannelKind> = new Set(['webhook', 'pagerduty']);

export interface DeliverDependencies {
  /** With its secrets; undefined where there is none of that id any more. */
  findChannel(id: string, isTest: boolean): Promise<Channel | undefined>;
  send(channel: Channel, message: Message, progress: Progress): Promise<Outcome>;
  circuits: Circuits;
  health: ChannelHealthStore;
  order: MessageOrder;
  /** Has the messages of a channel tried at once that wait for their next attempt. */
  wake(channelId: string): Promise<void>;
  /** Messages that were delivered of late. */
  delivered: DeliveredStore;
  /**
   * Says what became of it to whoever waits for it, and to whoever keeps the log, unless it was no news and went well.
   */
  report(delivery: Delivery, isNews: boolean): Promise<void>;
  publicUrl: string | undefined;
  metrics: DeliveryMetrics;
  log: Logger;
}

/**
 * Sends one message to one channel. One that was delivered is not sent again, whoever queues it again; but a worker that
 * dies after the receiver had it, and before that is noted, leaves it to be sent again, with the same id.
 *
 * @throws {PostponedError} while nothing is to be sent to the channel
 * @throws {RetryLaterError} for an attempt that came to nothing
 * @throws {RejectedDataError} for one that no further attempt will mend
 */
export async function deliver(
  message: QueuedMessage,
  job: JobInHand,
  deps: DeliverDependencies,
): Promise<void> {
  const { id, channel_id, notice } = message;
  const { circuits, metrics, log } = deps;
  const isTest = notice.kind === 'test';
  const before = await deps.delivered.find(id);
  if (before !== undefined) {
    // Whoever sent it may have died before that was reported.
    await deps.report(before, isNews(message, before));
    return;
  }
  const channel = await deps.findChannel(channel_id, isTest);
  if (channel === undefined) {
    await finish(
      message,
      job,
      { result: 'failed', status: null, detail: 'there is no such channel any more' },
      deps,
    );
    return;
  }
  const target = JSON.stringify(channel.target);
  const waitMs = await takePlace(channel_id, target, deps);
  // Whoever asks for a test wants to know how it is now.
  if (waitMs !== undefined && !isTest) throw new PostponedError(`${channel_id} takes nothing now`, waitMs);
  const turn = isTest ? { stale: new Set<Alert>() } : await takeTurn(message, channel, deps);
  if ('waitMs' in turn) throw new PostponedError('another message about the same goes first', turn.waitMs);
  const alerts = notice.alerts.filter((alert) => !turn.stale.has(alert));
  if (alerts.length === 0) {
    circuits.giveBack(channel_id);
    metrics.attempts.inc({ channel: channel.target.kind, kind: notice.kind, outcome: 'superseded' });
    await finish(message, job, SUPERSEDED, deps);
    return;
  }
  const startedAt = performance.now();
  let outcome: Outcome | undefined;
  try {
    await failpoint('deliver.sending');
    const progress: Progress = {
      done: await deps.delivered.parts(id),
      note: (parts) => deps.delivered.addParts(id, parts),
    };
    const asSent: Message = {
      id,
      notice: { ...notice, alerts },
      nowMs: Date.now(),
      publicUrl: deps.publicUrl,
    };
    outcome = await deps.send(channel, asSent, progress);
    await failpoint('deliver.sent');
  } finally {
    if (waitMs === undefined) circuits.leave(channel_id, Date.now(), outcome, target);
    if (!isTest) await deps.order.end(orderedMessage(message));
  }
  if (outcome.result === 'delivered') await deps.delivered.add(deliveryOf(message, job, outcome));
  // Whoever has one that failed for good tried again by hand wants that of those who refused it.
  if (outcome.result === 'failed')
    await deps.delivered.dropParts(id, outcome.parts?.filter(({ state }) => state === 'failed') ?? []);
  await failpoint('deliver.noted');
  if (isTest && outcome.result === 'delivered') await reopen(channel_id, deps);
  await noteHealth(channel_id, outcome, deps);
  const { kind } = channel.target;
  metrics.attempts.inc({ channel: kind, kind: notice.kind, outcome: outcome.result });
  metrics.seconds.observe({ channel: kind }, (performance.now() - startedAt) / 1000);
  if (outcome.result !== 'delivered')
    log.warn({ delivery: id, channel: channel_id, attempt: job.attempt, ...outcome }, 'not delivered');
  else if (notice.kind === 'firing' || notice.kind === 'resolved') {
    const decidedAtMs = Math.max(...notice.alerts.map(({ decided_at_ms }) => decided_at_ms));
    metrics.latency.observe(Math.max(0, Date.now() - decidedAtMs) / 1000);
  }
  await finish(message, job, outcome, deps);
}

function orderedMessage({ id, channel_id, notice }: QueuedMessage): OrderedMessage {
  return { id, channelId: channel_id, alerts: notice.alerts };
}

/** Whether the message may go now. One that may not leaves its place in the channel to others. */
async function takeTurn(
  message: QueuedMessage,
  { target }: Channel,
  { circuits, order }: Pick<DeliverDependencies, 'circuits' | 'order'>,
): Promise<Turn> {
  let turn: Turn | undefined;
  try {
    turn = await order.begin(orderedMessage(message), HOLD_MS, !KNOWS_ALERTS.has(target.kind));
  } finally {
    if (turn === undefined || 'waitMs' in turn) circuits.giveBack(message.channel_id);
  }
  return 'waitMs' in turn ? { waitMs: Math.min(turn.waitMs, TURN_LOOK_MS) } : turn;
}

/** As `enter` of the circuits; one that was opened by hand meanwhile, wherever that was, is open here, too. */
async function takePlace(
  channelId: string,
  target: string,
  { circuits, health }: Pick<DeliverDependencies, 'circuits' | 'health'>,
): Promise<number | undefined> {
  const waitMs = circuits.enter(channelId, Date.now(), target);
  if (waitMs === undefined || !circuits.isOpen(channelId, Date.now())) return waitMs;
  circuits.noteOpenings(channelId, await health.openings(channelId));
  return circuits.isOpen(channelId, Date.now()) ? waitMs : circuits.enter(channelId, Date.now(), target);
}

/** It works: what waits for it need not. */
async function reopen(channelId: string, { circuits, health, wake }: DeliverDependencies): Promise<void> {
  circuits.reset(channelId);
  await health.reopen(channelId);
  await wake(channelId);
}

/** Says how the channel does, to whoever looks; it is on show only, so that the last process to say it is right. */
async function noteHealth(
  channelId: string,
  outcome: Outcome,
  { circuits, health }: Pick<DeliverDependencies, 'circuits' | 'health'>,
): Promise<void> {
  const nowMs = Date.now();
  const { failuresInARow, openUntilMs } = circuits.view(channelId, nowMs);
  const states = { delivered: 'healthy', failed: 'refused', again: 'failing' } as const;
  if (openUntilMs !== undefined) circuits.noteOpenings(channelId, await health.openings(channelId));
  await health.put(channelId, {
    state: openUntilMs === undefined ? states[outcome.result] : 'paused',
    at_ms: nowMs,
    paused_until_ms: openUntilMs ?? null,
    failures_in_a_row: failuresInARow,
    status: outcome.status,
    detail: 'detail' in outcome ? outcome.detail : null,
  });
}

async function finish(
  message: QueuedMessage,
  job: JobInHand,
  outcome: Ending,
  deps: DeliverDependencies,
): Promise<void> {
  const delivery = deliveryOf(message, job, outcome);
  await deps.report(delivery, isNews(message, delivery));
  if (outcome.result === 'delivered' || outcome.result === 'superseded' || message.notice.kind === 'test')
    return;
  const { detail, state } = delivery;
  if (outcome.result === 'again' && state === 'waiting')
    throw new RetryLaterError(detail ?? '', retryDelayMs(job.attempt, outcome.retryAfterMs, Math.random()));
  throw new RejectedDataError(detail ?? 'given up');
}

function isNews({ notice }: QueuedMessage, { state }: Delivery): boolean {
  return notice.refresh !== true || state === 'failed';
}

/** What has become of it by this attempt. */
function deliveryOf({ id, channel_id, notice }: QueuedMessage, job: JobInHand, outcome: Ending): Delivery {
  const nowMs = Date.now();
  const isOver = notice.kind === 'test' || job.isLastAttempt || nowMs - job.addedAtMs > GIVE_UP_AFTER_MS;
  const goesOn = outcome.result === 'again' && !isOver;
  return {
    id,
    channel_id,
    route_id: notice.route_id,
    kind: notice.kind,
    alert_ids: notice.alerts.map((alert) => alert.id),
    state: outcome.result === 'again' ? (goesOn ? 'waiting' : 'failed') : outcome.result,
    attempts: job.attempt,
    created_at_ms: notice.decided_at_ms,
    finished_at_ms: goesOn ? null : nowMs,
    status: outcome.status,
    detail: 'detail' in outcome ? outcome.detail : null,
    ...('parts' in outcome && { parts: outcome.parts }),
  };
}
