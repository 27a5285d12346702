import type { Alert, AlertChange } from '../contracts/alerting/alert.ts';
import type { AlertRuleBody } from '../contracts/alerting/rule.ts';
import type { Labels } from '../contracts/labels.ts';
import { NEVER_SEEN } from './agentAlerting.ts';
import { compileRule } from './compiledRule.ts';
import { dueAtMs, evaluateStaleness } from './staleness.ts';
import { evaluateAgent, withAllPublished } from './evaluateAgent.ts';
import type { AlertingSample } from './sample.ts';
import { groupSamples } from './sampleGroups.ts';

/** The id of a rule that is only tried, in its alerts. */
export const TRIED_RULE_ID = 'dry-run';

/** A rule on the past of one agent. */
export interface DryRunOfAgent {
  /** Takes the next snapshots, in the order of time. */
  take(samples: readonly AlertingSample[]): void;
  /** What fired up to a moment (epoch seconds), oldest first. */
  end(at: number): { samples: number; alerts: Alert[] };
}

/**
 * Evaluates snapshots of the past by the very code that evaluates them as they come, as if each had been received when it was
 * taken and nobody else had a rule. Silence is the absence of snapshots.
 */
export function startDryRun(body: AlertRuleBody, agentId: string, labels: Labels): DryRunOfAgent {
  const compiled = compileRule({ ...body, id: TRIED_RULE_ID, version: 1, source: 'api' });
  const rules = [compiled];
  const isOfSilence = compiled.source === 'staleness' && compiled.forSeconds > 0;
  const silentSeconds = isOfSilence ? compiled.forSeconds : Infinity;
  const alerts = new Map<string, Alert>();
  let state = NEVER_SEEN;
  let samples = 0;

  function note(changes: readonly AlertChange[]): void {
    for (const { change, alert } of changes)
      if (change === 'dropped') alerts.delete(alert.id);
      else if (alert.fired_at !== null) alerts.set(alert.id, alert);
  }

  /** What nothing having come until then means. */
  function listenUntil(at: number): void {
    let looked = -Infinity;
    // What is due is so once: of an agent that is silent for a day nothing more is to be known.
    for (let due = dueAtMs(state, rules); due <= at * 1000 && due > looked; due = dueAtMs(state, rules)) {
      looked = due;
      const context = { agentId, labels, rules, nowMs: due };
      const evaluated = evaluateStaleness(state, context, { asOfMs: due, sinceMs: 0 });
      note(evaluated.changes);
      state = withAllPublished(evaluated.state);
    }
  }

  return {
    take(some) {
      let rest = some;
      while (rest.length > 0) {
        const [first] = rest;
        if (first !== undefined) listenUntil(first.timestamp);
        const group = rest.slice(0, groupSamples(rest, state.times, silentSeconds));
        const newestAt = group.at(-1)?.timestamp ?? 0;
        const evaluated = evaluateAgent(state, group, { agentId, labels, rules, nowMs: newestAt * 1000 });
        note(evaluated.changes);
        state = withAllPublished(evaluated.state);
        samples += group.length;
        rest = rest.slice(group.length);
      }
    },
    end(at) {
      listenUntil(at);
      return { samples, alerts: [...alerts.values()].toSorted((a, b) => a.started_at - b.started_at) };
    },
  };
}
