import type { FileSettings } from '../../core/alerting/settingsDocument.ts';
import { ruleBodySchema, type AlertCondition } from '../../core/contracts/alerting/rule.ts';

const percents = [70, 80, 90];

/** Conditions of every kind, in about the shares in which somebody would have them. */
const CONDITIONS: AlertCondition[] = [
  ...percents.map((at_or_above) => ({ kind: 'cpu' as const, at_or_above })),
  ...percents.map((at_or_above) => ({ kind: 'memory' as const, at_or_above, unit: 'percent' as const })),
  { kind: 'memory', at_or_above: 60_000, unit: 'mb' },
  ...['node*', 'java', 'postgres*', 'chrome*'].map((process) => ({
    kind: 'process' as const,
    process,
    of: 'cpu' as const,
    at_or_above: 300,
  })),
  ...['node*', 'java'].map((process) => ({
    kind: 'process' as const,
    process,
    of: 'memory' as const,
    at_or_above: 8_000,
  })),
  { kind: 'agent_silent' },
  { kind: 'agent_silent' },
  { kind: 'single_core_hog', at_or_above: 350 },
  { kind: 'single_core_hog', at_or_above: 390 },
  { kind: 'rate_of_change', of: 'memory_percent', at_or_above: 30, within_seconds: 300 },
  { kind: 'rate_of_change', of: 'cpu', at_or_above: 97, within_seconds: 60 },
];

/** Nineteen rules for every host, which are twenty with the contract's. */
export const NINETEEN_RULES: FileSettings['rules'] = CONDITIONS.map((condition, number) => ({
  ...ruleBodySchema.parse({ name: `Rule ${number}`, condition, for_seconds: 60 }),
  id: `rule-${number}`,
}));
