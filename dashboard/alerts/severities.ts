import type { Severity } from '../../core/contracts/alerting/rule.ts';

/** The gravest first, as they are chosen from. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const satisfies Severity[];

/** The graver, the greater. */
export const SEVERITY_ORDER: Record<Severity, number> = { info: 0, warning: 1, critical: 2 };
