import { NEVER_SEEN, type AgentAlerting } from '../../core/alerting/agentAlerting.ts';
import { builtInRule } from '../../core/alerting/builtInRule.ts';
import { evaluateAgent, withAllPublished } from '../../core/alerting/evaluateAgent.ts';
import { createRuleSelection } from '../../core/alerting/ruleSelection.ts';
import type { AlertingSample } from '../../core/alerting/sample.ts';
import { parseAlerting, serialiseAlerting } from '../../core/alerting/stateCodec.ts';
import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import {
  ruleBodySchema,
  ruleSchema,
  type AlertCondition,
  type AlertRule,
} from '../../core/contracts/alerting/rule.ts';
import type { ProcessSample } from '../../core/contracts/snapshot.ts';

export const AGENT = 'web-01';

/** The contract's rule at its defaults. */
export const CONTRACT_RULE: AlertRule = builtInRule({ threshold: 90, durationSeconds: 10 });

/** A rule as an operator writes it, with its defaults. */
export function ruleOf(
  condition: AlertCondition | { kind: AlertCondition['kind']; [field: string]: unknown },
  changes: Record<string, unknown> = {},
): AlertRule {
  const { id = 'rule', version = 1, source = 'api', ...body } = changes;
  return ruleSchema.parse({
    ...ruleBodySchema.parse({ name: 'A rule', condition, ...body }),
    id,
    version,
    source,
  });
}

export function process(name: string, changes: Partial<ProcessSample> = {}): ProcessSample {
  const own = { pid: 100, cpu_percent: 10, memory_mb: 50, thread_count: 1 };
  return { ...own, name, io_read_mb: 0, io_write_mb: 0, handle_count: 0, ...changes };
}

export function sampleOf(
  timestamp: number,
  cpuPercent: number,
  changes: Partial<Omit<AlertingSample, 'processes'>> & { processes?: readonly ProcessSample[] } = {},
): AlertingSample {
  const { processes = [], ...rest } = changes;
  return {
    timestamp,
    cpuPercent,
    memoryUsedMb: 2_000,
    memoryTotalMb: 8_000,
    receivedAtMs: undefined,
    ...rest,
    processes: () => processes,
  };
}

/** Samples written short: `'0:95 2:96 4:10'`, seconds and CPU percent. */
export function samples(text: string): AlertingSample[] {
  return text.split(' ').map((one) => {
    const [timestamp, cpuPercent] = one.split(':').map(Number);
    return sampleOf(timestamp!, cpuPercent!);
  });
}

export const oneByOne = <T>(list: readonly T[]): T[][] => list.map((one) => [one]);

/** Evaluates batch after batch, as workers do: each state goes through its text, each change out as it comes. */
export function run(
  batches: readonly (readonly AlertingSample[])[],
  rules: readonly AlertRule[],
  before: AgentAlerting = NEVER_SEEN,
): { changes: AlertChange[]; state: AgentAlerting } {
  const selection = createRuleSelection(rules);
  const changes: AlertChange[] = [];
  let state = before;
  for (const batch of batches) {
    const evaluated = evaluateAgent(state, batch, {
      agentId: AGENT,
      labels: {},
      rules: selection(AGENT, {}),
      nowMs: 1_000,
    });
    changes.push(...evaluated.changes);
    state = throughText(withAllPublished(evaluated.state));
  }
  return { changes, state };
}

/** The state as another worker reads it. */
export function throughText(state: AgentAlerting): AgentAlerting {
  const text = serialiseAlerting(state);
  const read = parseAlerting(text);
  if (read === undefined || serialiseAlerting(read) !== text) throw new Error(`not read back: ${text}`);
  return read;
}

/** What was published, short: `firing 0->12`, `resolved 0->12->16`, `pending 0`, `dropped 0`. */
export function brief(changes: readonly AlertChange[]): string[] {
  return changes.map(({ change, alert: { started_at, fired_at, resolved_at } }) =>
    [change, [started_at, fired_at, resolved_at].filter((at) => at !== null).join('->')].join(' '),
  );
}

/** Of those, windows that fired: `0->12`. */
export function fired(changes: readonly AlertChange[]): string[] {
  return changes
    .filter(({ change }) => change === 'firing')
    .map(({ alert }) => `${alert.started_at}->${alert.fired_at}`);
}
