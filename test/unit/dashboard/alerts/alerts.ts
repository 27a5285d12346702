import type { AlertView } from '../../../../core/contracts/alerting/views.ts';

/** An alert that fires, with what is different about it. */
export function alertOf(changes: Partial<AlertView> = {}): AlertView {
  const agent_id = changes.agent_id ?? 'web-01';
  const rule_id = changes.rule_id ?? 'cpu-hot';
  const started_at = changes.started_at ?? 1_000;
  return {
    id: `${rule_id}:${agent_id}:${started_at}`,
    revision: 1,
    rule_id,
    rule_version: 1,
    rule_name: 'CPU is hot',
    severity: 'warning',
    agent_id,
    labels: {},
    state: 'firing',
    started_at,
    fired_at: started_at + 10,
    resolved_at: null,
    decided_at_ms: (started_at + 10) * 1000,
    last_sample_at: started_at + 10,
    no_data_since: null,
    unit: 'percent',
    threshold: 90,
    value: 95,
    peak: 98.5,
    average: 96,
    duration_seconds: 10,
    samples: 6,
    gaps: 0,
    culprits: [],
    flapping: false,
    summary: 'web-01: CPU at 95.0 %',
    acknowledged: null,
    silenced_by: [],
    ...changes,
  };
}
