import { limitToOneAMinute, type Log } from './log.ts';
import type { Outcome } from './outcome.ts';

/** An attempt after which the snapshot still waits. */
export type Failure = Exclude<Outcome, { kind: 'accepted' | 'rejected' | 'early' }>;

/** Tells the log what changes between this agent and the server, instead of what happens to each snapshot. */
export interface ConnectionReport {
  /**
   * @param waiting snapshots in the buffer behind it
   * @param count how many were taken, one unless told
   */
  accepted(waiting: number, count?: number): void;
  rejected(timestamp: number, reason: string, waiting: number): void;
  /** @param aside how many wait for their time by now */
  early(reason: string, aside: number): void;
  /** @param onDisk how many wait there meanwhile, of that agent and of others */
  forbidden(agentId: string, reason: string, onDisk: number): void;
  /** @param waiting snapshots in the buffer, the failed one included */
  failed(failure: Failure, waiting: number): void;
  /** @param total given up for want of room since the start */
  overflowed(total: number): void;
  /** Counts since the start, for the last line. */
  readonly counts: { accepted: number; rejected: number };
}

export function createConnectionReport(log: Log, nowMs: () => number): ConnectionReport {
  const counts = { accepted: 0, rejected: 0 };
  const logRejected = limitToOneAMinute(log, nowMs);
  const logEarly = limitToOneAMinute(log, nowMs);
  const logForbidden = limitToOneAMinute(log, nowMs);
  const logOverflow = limitToOneAMinute(log, nowMs);
  let connected = false;
  /** What is wrong, since when, and its reminder; undefined while nothing is. */
  let trouble: { key: string; sinceMs: number; remind: Log } | undefined;
  let throttled = false;
  /** Set while a backlog drains. */
  let acceptedBeforeDrain: number | undefined;

  function noteAnswered(waiting: number, acceptedBefore: number): void {
    if (trouble !== undefined) {
      const seconds = Math.max(Math.round((nowMs() - trouble.sinceMs) / 1000), 0);
      log(
        `${connected ? 'connection restored' : 'connected'} after ${seconds} s: ${snapshots(waiting)} still to hand in`,
      );
      trouble = undefined;
      acceptedBeforeDrain = waiting > 0 ? acceptedBefore : undefined;
    } else if (!connected) {
      log('connected: the server takes snapshots');
    }
    connected = true;
    if (waiting > 0) return;
    throttled = false;
    if (acceptedBeforeDrain !== undefined)
      log(`backlog handed in: ${snapshots(counts.accepted - acceptedBeforeDrain)}`);
    acceptedBeforeDrain = undefined;
  }

  return {
    counts,
    accepted(waiting, count = 1) {
      counts.accepted += count;
      noteAnswered(waiting, counts.accepted - count);
    },
    rejected(timestamp, reason, waiting) {
      counts.rejected += 1;
      logRejected(`snapshot of ${timestamp} dropped, the server will never take it: ${reason}`);
      noteAnswered(waiting, counts.accepted);
    },
    early(reason, aside) {
      logEarly(
        `the clock of this host is ahead of the server's, or was: ${snapshots(aside)} kept, and tried again until the time has come (${reason})`,
      );
    },
    forbidden(agentId, reason, onDisk) {
      logForbidden(
        `what was measured as ${agentId} cannot be handed in with this token (${reason}): ${snapshots(onDisk)} wait on disk; ` +
          'start once with AGENT_API_TOKEN, or with the id and the token of that agent',
      );
    },
    failed(failure, waiting) {
      // Being slowed down is part of draining a backlog, not an outage: one line until it has drained.
      if (failure.kind === 'busy' && failure.status === 429 && trouble === undefined) {
        if (!throttled)
          log(`the server asks to send more slowly (${describe(failure)}): ${snapshots(waiting)} waiting`);
        throttled = true;
        return;
      }
      const key = failure.kind === 'unreachable' ? failure.kind : `${failure.kind} ${failure.status}`;
      if (trouble?.key === key) {
        trouble.remind(`still no success (${describe(failure)}): ${snapshots(waiting)} waiting`);
        return;
      }
      const remind = limitToOneAMinute(log, nowMs);
      trouble = { key, sinceMs: trouble?.sinceMs ?? nowMs(), remind };
      // Through the reminder, so that its minute starts now.
      remind(
        `${headline(failure, connected)}: ${describe(failure)}; ${snapshots(waiting)} waiting, trying again`,
      );
    },
    overflowed(total) {
      logOverflow(`buffer full: the oldest snapshots are dropped, ${total} since the start`);
    },
  };
}

function headline(failure: Failure, connected: boolean): string {
  if (failure.kind === 'unreachable') return connected ? 'connection lost' : 'the server cannot be reached';
  if (failure.kind === 'busy') return 'the server cannot take snapshots now';
  return WHAT_TO_DO[failure.status] ?? (failure.status < 300 ? NOT_TOPLINE : NO_SERVER);
}

const NOT_TOPLINE =
  "the answer is not Topline's: is there a sign-in page or a proxy in between, or does --url name something else?";
const NO_SERVER = 'unexpected answer: does --url name a Topline server?';
const FROM_BETWEEN = 'a proxy in front of the server refuses the request, or --url names something else';
const MOVED = 'the server is at another address: set --url to it';

const WHAT_TO_DO: Record<number, string | undefined> = {
  301: MOVED,
  302: MOVED,
  303: MOVED,
  307: MOVED,
  308: MOVED,
  400: FROM_BETWEEN,
  401: 'the server refuses the token: set the right one with --token or AGENT_API_TOKEN',
  403: 'the server does not take this token for this agent (--token, --id), or a proxy refuses the request',
  413: 'a proxy in front of the server takes no request as large: raise its limit',
  415: FROM_BETWEEN,
  421: 'a proxy does not know this host name: does --url name the server as its certificate does?',
  422: 'the server, or what answers in its place, does not take what this agent is told to send (--id, --label, --url)',
  426: 'what answers there wants another protocol: should --url begin with https:?',
};

function describe(failure: Failure): string {
  return failure.kind === 'unreachable' ? failure.reason : `${failure.status} ${failure.detail}`.trim();
}

function snapshots(count: number): string {
  return count === 1 ? '1 snapshot' : `${count} snapshots`;
}
