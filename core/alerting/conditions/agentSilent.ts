import { z } from 'zod';
import { defineCondition } from './condition.ts';

/** Nothing is received of the agent. */
export const agentSilent = defineCondition(z.strictObject({ kind: z.literal('agent_silent') }), {
  source: 'staleness',
  unit: () => 'seconds',
  byMemory: () => false,
  summary: ({ agent, lasted, isOver }) =>
    `${agent} ${isOver ? 'reports again after' : 'has not reported for'} ${lasted}`,
});
