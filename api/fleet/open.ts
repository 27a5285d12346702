import { createAgentStateStore } from '../../core/stores/redis/agentStates.ts';
import { createKnownAgentStore } from '../../core/stores/redis/knownAgents.ts';
import { createListingStore } from '../../core/stores/redis/listings.ts';
import { createOperatorLabelStore } from '../../core/stores/redis/operatorLabels.ts';
import type { ApiNode } from '../http/node.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { startFleetWatch } from './fleetWatch.ts';
import { createLabelPublisher, startLabelPublisher } from './publishLabels.ts';

/**
 * Watches whether agents report, and opens what is asked of them: undefined where no history is kept.
 *
 * @param refusal why snapshots are refused; undefined while they are taken
 */
export function openFleet(node: ApiNode, refusal: () => string | undefined): Fleet | undefined {
  const { config, redis, queueRedis, queues, clockOffset, postgres } = node;
  const states = createAgentStateStore(redis, config.timeline);
  startFleetWatch(node, {
    states,
    clockOffset,
    timelineQueue: queues.timeline,
    redis: queueRedis,
    refusal,
  });
  return (
    postgres &&
    createFleet({
      agents: postgres.agents,
      states,
      listings: createListingStore(redis),
      known: createKnownAgentStore(redis),
      pruneQueue: queues.prune,
      clockOffset,
      publishLabels: startLabelPublisher(
        node,
        createLabelPublisher(postgres.agents, createOperatorLabelStore(redis)),
      ),
    })
  );
}
