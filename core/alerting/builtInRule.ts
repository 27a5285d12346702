import { BUILT_IN_RULE_ID, type AlertRule } from '../contracts/alerting/rule.ts';

/** The rule of the contract, by the figures of the environment; version 1 for as long as a process runs by them alone. */
export function builtInRule({
  threshold,
  durationSeconds,
}: {
  threshold: number;
  durationSeconds: number;
}): AlertRule {
  return {
    id: BUILT_IN_RULE_ID,
    version: 1,
    source: 'built_in',
    name: 'CPU stays high',
    enabled: true,
    severity: 'warning',
    condition: { kind: 'cpu', at_or_above: threshold },
    for_seconds: durationSeconds,
    keep_firing_for_seconds: 0,
    match: { agents: ['*'], labels: {} },
    exempt: false,
  };
}
