import type { Alert, AlertChange } from '../contracts/alerting/alert.ts';
import type { AlertRuleBody } from '../contracts/alerting/rule.ts';
import type { Labels } from '../contracts/labels.ts';
import { NEVER_SEEN } from './agentAlerting.ts';
import { compileRule } from './compiledRule.ts';
import { dueAtMs, judgeSilence } from './hearing.ts';
import { judge, withAllTold } from './judge.ts';
import type { AlertingSample } from './sample.ts';

/** The id of a rule that is only tried, in its alerts. */
export const TRIED_RULE_ID = 'dry-run';

/** From this many seconds between two snapshots on it is looked at what their absence means: none does below. */
const WORTH_A_LOOK = 10;

/**
 * Snapshots that are judged together, as those of a minute are that an agent hands in. One by one took 0.1 ms each, because
 * what late ones could still change is judged again with each.
 */
const TOGETHER = 30;

/** A rule on the past of one agent. */
export interface DryRunOfAgent {
  /** Takes the next snapshots, in the order of time. */
  take(samples: readonly AlertingSample[]): void;
  /** What fired up to a moment (epoch seconds), oldest first. */
  end(at: number): { samples: number; alerts: Alert[] };
}

/**
 * Judges snapshots of the past by the very code that judges them as they come, as if each had been received when it was
 * taken and nobody else had a rule. Silence is the absence of snapshots.
 */
export function startDryRun(body: AlertRuleBody, agentId: string, labels: Labels): DryRunOfAgent {
  const rules = [compileRule({ ...body, id: TRIED_RULE_ID, version: 1, source: 'api' })];
  const alerts = new Map<string, Alert>();
  let state = NEVER_SEEN;
  let samples = 0;
  let last: number | undefined;

  function note(changes: readonly AlertChange[]): void {
    for (const { change, alert } of changes)
      if (change === 'dropped') alerts.delete(alert.id);
      else if (alert.fired_at !== null) alerts.set(alert.id, alert);
  }

  function judgeSome(some: readonly AlertingSample[]): void {
    const [first, newest] = [some[0], some.at(-1)];
    if (first === undefined || newest === undefined) return;
    listenUntil(first.timestamp);
    const judged = judge(state, some, { agentId, labels, rules, nowMs: newest.timestamp * 1000 });
    note(judged.changes);
    state = withAllTold(judged.state);
    samples += some.length;
    last = newest.timestamp;
  }

  /** What nothing having come until then means. */
  function listenUntil(at: number): void {
    if (last === undefined || at - last < WORTH_A_LOOK) return;
    let looked = -Infinity;
    // What is due is so once: of an agent that is silent for a day nothing more is to be known.
    for (let due = dueAtMs(state, rules); due <= at * 1000 && due > looked; due = dueAtMs(state, rules)) {
      looked = due;
      const judging = { agentId, labels, rules, nowMs: due };
      const judged = judgeSilence(state, judging, { asOfMs: due, sinceMs: 0 });
      note(judged.changes);
      state = withAllTold(judged.state);
    }
  }

  return {
    take(some) {
      let from = 0;
      for (let i = 1; i < some.length; i += 1) {
        const isAfterGap = (some[i]?.timestamp ?? 0) - (some[i - 1]?.timestamp ?? 0) >= WORTH_A_LOOK;
        if (!isAfterGap && i - from < TOGETHER) continue;
        judgeSome(some.slice(from, i));
        from = i;
        // By itself: silence is over when this one comes, and not with the last of those behind it.
        if (isAfterGap) judgeSome(some.slice(from, (from += 1)));
      }
      judgeSome(some.slice(from));
    },
    end(at) {
      listenUntil(at);
      return { samples, alerts: [...alerts.values()].toSorted((a, b) => a.started_at - b.started_at) };
    },
  };
}
