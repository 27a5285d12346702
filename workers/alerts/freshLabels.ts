import type { Labels } from '../../core/contracts/labels.ts';
import { messageOf } from '../../core/errors.ts';
import { every } from '../../core/every.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import type { OperatorLabelStore } from '../../core/stores/redis/operatorLabels.ts';
import type { OperatorLabels } from './ruleBook.ts';

/** What operators say of agents, at hand. */
export interface FreshLabels extends OperatorLabels {
  version(): string;
  /** Asks whether there is something new; until it was asked once there is nothing to evaluate by. */
  refresh(): Promise<void>;
  /** Resolves once it was asked. */
  ready(): Promise<void>;
}

export function createFreshLabels(store: Pick<OperatorLabelStore, 'version' | 'all'>): FreshLabels {
  let labels: ReadonlyMap<string, Labels> = new Map();
  let known: string | undefined;

  async function refresh(): Promise<void> {
    const version = (await store.version()) ?? 'none';
    if (version === known) return;
    // The version first: what changes in between is found by the next question.
    if (version !== 'none') labels = await store.all();
    known = version;
  }

  return {
    of: (agentId) => labels.get(agentId),
    version: () => known ?? 'unknown',
    refresh,
    ready: async () => {
      if (known === undefined) await refresh();
    },
  };
}

const REFRESH_MS = 1_000;

/** Asks every second. An answer that does not come because Redis is away keeps nothing from ending. */
export function startLabelRefresh(
  labels: Pick<FreshLabels, 'refresh'>,
  { log, lifecycle }: Pick<ProcessContext, 'log' | 'lifecycle'>,
): void {
  const stop = every(REFRESH_MS, labels.refresh, {
    onError(error) {
      if (!lifecycle.stopping) log.debug({ reason: messageOf(error) }, 'could not ask for labels');
    },
  });
  // Not waited for: an answer may come as late as Redis does.
  lifecycle.defer('labels of operators', () => void stop());
}
