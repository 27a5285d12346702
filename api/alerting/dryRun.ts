import { setImmediate as nextTurn } from 'node:timers/promises';
import { startDryRun } from '../../core/alerting/dryRun.ts';
import { createRuleSelection } from '../../core/alerting/ruleSelection.ts';
import type { AlertingSample } from '../../core/alerting/sample.ts';
import { MAX_DRY_RUN_AGENTS } from '../../core/contracts/endpoints/rules.ts';
import type { DryRun, DryRunBody } from '../../core/contracts/alerting/views.ts';
import type { AlertRuleBody } from '../../core/contracts/alerting/rule.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { Sample } from '../../core/rollup/hold.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { HistoryStore } from '../../core/stores/postgres/history.ts';

/**
 * From this many snapshots on no further agent is begun. Of 10,000, reading and evaluating takes half a second of one core; a
 * whole one by a rule that tells many processes apart.
 */
const MOST_SAMPLES = 100_000;

/** As many are evaluated before others have their turn: by the dearest rule, for some 30 ms. */
const AT_ONCE = 100;

/**
 * Tries a rule on what is stored.
 *
 * @param range epoch seconds, of which snapshots are kept
 * @param isWanted whether anybody still waits for it
 * @throws {NotFoundError} where the agent that is named never reported
 */
export async function dryRun(
  { rule, agent: asked }: Omit<DryRunBody, 'rule'> & { rule: AlertRuleBody },
  { from, to }: { from: number; to: number },
  {
    agents,
    store,
    isWanted,
  }: {
    agents: Pick<AgentStore, 'list' | 'find'>;
    store: Pick<HistoryStore, 'samplesOf'>;
    isWanted(): boolean;
  },
): Promise<DryRun> {
  const chosen = await choose(rule, asked, agents);
  const answer: DryRun = { from, to, agents: [], left_out: 0 };
  let total = 0;
  for (const { agentId, labels } of chosen) {
    if (answer.agents.length >= MAX_DRY_RUN_AGENTS || total >= MOST_SAMPLES) break;
    const run = startDryRun(rule, agentId, labels);
    for await (const page of store.samplesOf(agentId, { from, to })) {
      for (let begin = 0; begin < page.length; begin += AT_ONCE) {
        run.take(page.slice(begin, begin + AT_ONCE).map(toAlertingSample));
        await nextTurn();
      }
      if (!isWanted()) return answer;
    }
    const { samples, alerts } = run.end(to);
    total += samples;
    answer.agents.push({ agent_id: agentId, samples, alerts });
  }
  return { ...answer, left_out: chosen.length - answer.agents.length };
}

/** The agent that is named, whether the rule matches it or not; or else those that it matches. */
async function choose(
  rule: AlertRuleBody,
  asked: string | undefined,
  agents: Pick<AgentStore, 'list' | 'find'>,
) {
  if (asked !== undefined) {
    const found = await agents.find(asked);
    if (found === undefined) throw new NotFoundError(`There is no agent ${asked}`);
    return [found];
  }
  const applies = createRuleSelection([
    { ...rule, enabled: true, exempt: false, id: 'dry-run', version: 1, source: 'api' },
  ]);
  return (await agents.list()).filter(({ agentId, labels }) => applies(agentId, labels).length > 0);
}

function toAlertingSample(sample: Sample): AlertingSample {
  return {
    timestamp: sample.timestamp,
    cpuPercent: sample.total_cpu_percent,
    memoryUsedMb: sample.system_memory_used_mb,
    memoryTotalMb: sample.system_memory_total_mb,
    processes: () => sample.top_processes,
    receivedAtMs: sample.timestamp * 1000,
  };
}
