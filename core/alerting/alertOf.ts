import type { Alert, Culprit } from '../contracts/alerting/alert.ts';
import type { Labels } from '../contracts/labels.ts';
import type { CompiledRule } from './compiledRule.ts';
import { summaryOf } from './summary.ts';
import type { Evidence } from './windowMachine.ts';

/** The id of an alert: that of its window, by where it began when it was first seen. */
export function alertIdOf(ruleId: string, agentId: string, startedAt: number): string {
  return `${ruleId}:${agentId}:${startedAt}`;
}

/** What an alert is about to say. */
export interface AlertDraft {
  id: string;
  /** Of the change before; 0: there was none. */
  revision: number;
  agentId: string;
  labels: Labels;
  compiled: CompiledRule;
  state: Alert['state'];
  startedAt: number;
  firedAt: number | null;
  resolvedAt: number | null;
  value: number | null;
  flapping: boolean;
  noDataSince: number | null;
  evidence: Evidence;
  culprits: Culprit[];
  /** Absent: from its start to its end, or to its last sample. */
  durationSeconds?: number;
  decidedAtMs: number;
}

/** The alert as its next revision has it. */
export function alertOf(draft: AlertDraft): Alert {
  const { compiled, evidence, startedAt, resolvedAt } = draft;
  const { rule, unit, threshold } = compiled;
  const hasFigure = unit !== 'none';
  const alert: Omit<Alert, 'summary'> = {
    id: draft.id,
    revision: draft.revision + 1,
    rule_id: rule.id,
    rule_version: rule.version,
    rule_name: rule.name,
    severity: rule.severity,
    agent_id: draft.agentId,
    labels: draft.labels,
    state: draft.state,
    started_at: startedAt,
    fired_at: draft.firedAt,
    resolved_at: resolvedAt,
    decided_at_ms: draft.decidedAtMs,
    last_sample_at: evidence.lastAt,
    no_data_since: draft.noDataSince,
    unit,
    threshold: hasFigure ? (unit === 'seconds' ? compiled.forSeconds : threshold) : null,
    value: hasFigure ? draft.value : null,
    peak: hasFigure ? evidence.peak : null,
    average: hasFigure && evidence.held > 0 ? Math.round((100 * evidence.sum) / evidence.held) / 100 : null,
    duration_seconds: draft.durationSeconds ?? Math.max(0, (resolvedAt ?? evidence.lastAt) - startedAt),
    samples: evidence.samples,
    gaps: evidence.gaps,
    culprits: draft.culprits,
    flapping: draft.flapping,
  };
  return { ...alert, summary: summaryOf(alert, rule) };
}
