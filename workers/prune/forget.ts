import type { ForgetTask } from '../../core/contracts/queues.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { AgentStateStore } from '../../core/stores/redis/agentStates.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { TimelineStore } from '../../core/stores/redis/timeline.ts';

/** How long one piece of the work takes, so that what else is to be pruned need not wait for all of it. */
const PIECE_MS = 2_000;

/** Longer than an insert that was in flight when the agent was forgotten can last (core/platform/prisma.ts). */
const LAST_LOOK_MS = 20_000;

export interface ForgetDependencies {
  timeline: TimelineStore;
  /** Ends what is open on it; events stay for as long as events are kept. */
  alerting: { forget(agentId: string): Promise<void> };
  agentStates: AgentStateStore;
  agents: AgentStore;
  log: Logger;
  nowMs: number;
  /** Puts down what is left to do. */
  goOn(task: ForgetTask, delayMs: number): Promise<void>;
}

/**
 * Forgets an agent, a piece at a time: whatever was received of it until then. Repeating it changes nothing, and what the
 * agent has reported since stays.
 */
export async function forgetAgent(task: ForgetTask, deps: ForgetDependencies): Promise<void> {
  const { agentId, untilReceivedMs, untilSharedMs, untilTimestamp, begun } = task;
  const { timeline, alerting, agentStates, agents, log, nowMs, goOn } = deps;
  if (!begun) {
    await agents.forget(agentId, untilReceivedMs);
    await agentStates.forget(agentId, untilSharedMs);
    await timeline.forget(agentId, untilTimestamp);
    await alerting.forget(agentId);
  }
  const { rows, done } = await agents.deleteRows(task, PIECE_MS);
  log.info({ agent: agentId, rows, done }, 'forgetting an agent');
  if (!done) await goOn({ ...task, begun: true }, 0);
  else if (nowMs < untilReceivedMs + LAST_LOOK_MS) await goOn({ ...task, begun: true }, LAST_LOOK_MS);
}
