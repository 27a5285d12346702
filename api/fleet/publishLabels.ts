import { every } from '../../core/every.ts';
import { messageOf } from '../../core/errors.ts';
import { nextFlight } from '../../core/singleFlight.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import { packLabels, type OperatorLabelStore } from '../../core/stores/redis/operatorLabels.ts';
import type { ApiNode } from '../http/node.ts';

/** How long what was changed may stay unpublished where it could not be at once, and after Redis has lost everything. */
const CHECK_EVERY_MS = 10_000;

/**
 * Puts the labels that operators gave into Redis as PostgreSQL has them, where they differ: alert rules choose by these.
 * Resolves when what PostgreSQL has had by the call is there.
 */
export function createLabelPublisher(
  agents: Pick<AgentStore, 'operatorLabels'>,
  published: Pick<OperatorLabelStore, 'all' | 'replaceAll'>,
): () => Promise<void> {
  return nextFlight(async () => {
    const [kept, known] = await Promise.all([agents.operatorLabels(), published.all()]);
    const isSame =
      kept.size === known.size &&
      [...kept].every(([agentId, labels]) => packLabels(labels) === packLabels(known.get(agentId) ?? {}));
    if (!isSame) await published.replaceAll(kept);
  });
}

/**
 * Publishes them again and again, for as long as the process runs, and when it is asked to. A failure is told in the log
 * and made good by the next turn.
 */
export function startLabelPublisher(
  { log, lifecycle }: Pick<ApiNode, 'log' | 'lifecycle'>,
  publish: () => Promise<void>,
): () => Promise<void> {
  const stop = every(CHECK_EVERY_MS, publish, {
    atOnce: true,
    onError(error) {
      if (!lifecycle.stopping) log.debug({ reason: messageOf(error) }, 'could not look at labels');
    },
  });
  lifecycle.defer('labels of operators', () => void stop());
  return () =>
    publish().catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'alert rules do not know the changed labels yet; trying again'),
    );
}
