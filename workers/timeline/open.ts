import { createAgentStateStore } from '../../core/stores/redis/agentStates.ts';
import { createTimelineStore } from '../../core/stores/redis/timeline.ts';
import { nowSeconds } from '../../core/time.ts';
import type { WorkerContext } from '../run/context.ts';
import type { OpenedRole } from '../run/role.ts';
import { writeTimeline } from './timeline.ts';

export function openTimeline({ config, redis, workerMetrics }: WorkerContext): OpenedRole<'timeline'> {
  const timeline = createTimelineStore(redis, config.timeline);
  const agentStates = createAgentStateStore(redis, config.timeline);
  return {
    process: (batch) =>
      writeTimeline(batch, { timeline, agentStates, metrics: workerMetrics, nowSeconds: nowSeconds() }),
  };
}
