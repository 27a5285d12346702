import { NEVER_SEEN, type AgentAlerting } from '../../core/alerting/agentAlerting.ts';
import { dueAtMs, evaluateStaleness, type Observation } from '../../core/alerting/staleness.ts';
import { evaluateAgent, withAllPublished } from '../../core/alerting/evaluateAgent.ts';
import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import type { AlertsBatch } from '../../core/contracts/queues.ts';
import type { Logger } from '../../core/platform/logger.ts';
import { MAX_RACES, retryLost } from '../../core/races.ts';
import type { AlertStateStore } from '../../core/stores/redis/alertStates.ts';
import type { RuleBook } from './ruleBook.ts';
import { samplesByAgent, type AgentSamples } from './samples.ts';
import { createStateKeeper, type KnownState } from './stateKeeper.ts';
import { publishChanges, type PublishDependencies } from './publishChanges.ts';

export interface EvaluatorDependencies extends PublishDependencies {
  states: Pick<AlertStateStore, 'load' | 'replace'>;
  ruleBook: () => Promise<RuleBook>;
  log: Logger;
  /** Given for what fires: how long it took from the receipt of the snapshot that fired it, in seconds. */
  observeDetection?: (seconds: number) => void;
  nowMs?: () => number;
  /** Agents whose states are kept in memory. */
  maxAgents?: number;
}

export interface Evaluator {
  /** Evaluates a batch. Repeating it publishes nothing twice. */
  evaluate(batch: AlertsBatch): Promise<void>;
  /**
   * Evaluates agents of which nothing came: whether their rules still apply, whether they are silent, and whether something
   * is left to be published of them.
   */
  look(agentIds: readonly string[], observation: Observation): Promise<void>;
  /** Ends what is open on an agent, and forgets it. */
  forget(agentId: string): Promise<void>;
}

/** What is to become of an agent's state. */
interface Decision {
  next: AgentAlerting;
  /** When to look at it, should nothing come. */
  dueOf(state: AgentAlerting): number;
  /** It is to be written even where it is the same: that time is another one. */
  isDue?: boolean;
  /** It is to go, once all is published. */
  isOver?: boolean;
  /** Once it stands; never of what another worker was faster with. */
  onSaved?(): void;
}

type Decide = (agentId: string, state: AgentAlerting, book: RuleBook) => Decision;

/**
 * Decides, saves, then publishes. A change stands in the saved state's outbox before it is published, so that two workers
 * cannot publish different things; it is taken out after that, so that a crash in between has it published again, and every
 * place that gets it knows it by its alert and revision.
 */
export function createEvaluator(deps: EvaluatorDependencies): Evaluator {
  const { ruleBook, observeDetection, nowMs = Date.now } = deps;
  const keeper = createStateKeeper(deps.states, { log: deps.log, maxAgents: deps.maxAgents });

  async function decideAll(agentIds: Iterable<string>, decide: Decide): Promise<void> {
    const left = await retryLost(agentIds, async (waiting) => {
      try {
        return new Set(await attempt(waiting, decide));
      } catch (error) {
        // Whether it was written nobody knows.
        keeper.drop(waiting);
        throw error;
      }
    });
    if (left.length > 0)
      throw new Error(
        `the alert state of ${left[0]} changed ${MAX_RACES} times while it was being evaluated`,
      );
  }

  /** Resolves to those whose state another worker changed meanwhile. */
  async function attempt(agentIds: readonly string[], decide: Decide): Promise<string[]> {
    const [book, known] = [await ruleBook(), await keeper.load(agentIds)];
    const decided = agentIds.map((agentId) => {
      const before: KnownState = known.get(agentId) ?? { revision: 0, state: NEVER_SEEN };
      return { agentId, known: before, ...decide(agentId, before.state, book) };
    });
    const changed = decided.filter((one) => one.next !== one.known.state || one.isDue === true);
    const saved = await keeper.save(changed.map((one) => ({ ...one, dueAtMs: one.dueOf(one.next) })));
    const lost = changed.filter(({ agentId }) => !saved.has(agentId)).map(({ agentId }) => agentId);
    for (const { agentId, onSaved } of changed) if (saved.has(agentId)) onSaved?.();

    const toPublish = decided
      .filter(
        ({ agentId, next, isOver }) => !lost.includes(agentId) && (next.outbox.length > 0 || isOver === true),
      )
      .map((one) => ({ ...one, known: saved.get(one.agentId) ?? one.known }));
    if (toPublish.length === 0) return lost;
    await publishChanges(
      toPublish.map(({ next }) => next.outbox),
      deps,
      Math.floor(nowMs() / 1000),
    );
    // Losing this race is fine: whoever won it finds the outbox full and publishes it again, to no effect.
    await keeper.save(
      toPublish.map(({ agentId, known: written, next, dueOf, isOver }) => {
        const published = withAllPublished(next);
        return {
          agentId,
          known: written,
          next: isOver === true ? undefined : published,
          dueAtMs: dueOf(published),
        };
      }),
    );
    return lost;
  }

  function observe(changes: readonly AlertChange[], { samples }: AgentSamples, decidedAtMs: number): void {
    for (const { change, alert } of changes) {
      if (change !== 'firing') continue;
      const cause = samples.find(({ timestamp }) => timestamp === alert.fired_at);
      if (cause?.receivedAtMs !== undefined)
        observeDetection?.(Math.max(0, decidedAtMs - cause.receivedAtMs) / 1000);
    }
  }

  return {
    async evaluate(batch) {
      const agents = samplesByAgent(batch);
      await decideAll(agents.keys(), (agentId, state, book) => {
        const own = agents.get(agentId) ?? { samples: [], labels: undefined };
        const isRelabelled = own.labels !== undefined && own.labels !== state.labels;
        const labelled = isRelabelled ? { ...state, labels: own.labels } : state;
        const { labels, rules } = book.for(agentId, labelled);
        const decidedAtMs = nowMs();
        const evaluated = evaluateAgent(labelled, own.samples, {
          agentId,
          labels,
          rules,
          nowMs: decidedAtMs,
        });
        return {
          next: evaluated.state,
          dueOf: (next) => dueAtMs(next, rules),
          onSaved: () => observe(evaluated.changes, own, decidedAtMs),
        };
      });
    },

    async look(agentIds, observation) {
      // Whoever evaluates what they send has changed them since.
      keeper.drop(agentIds);
      await decideAll(agentIds, (agentId, state, book) => {
        const { labels, rules } = book.for(agentId, state);
        const context = { agentId, labels, rules, nowMs: nowMs() };
        const silent = evaluateStaleness(evaluateAgent(state, [], context).state, context, observation);
        const dueOf = (next: AgentAlerting) => dueAtMs(next, rules, observation.sinceMs);
        const isOver = dueOf(withAllPublished(silent.state)) <= observation.asOfMs;
        return { next: silent.state, dueOf, isDue: true, isOver };
      });
    },

    async forget(agentId) {
      await decideAll([agentId], (_, state) => {
        const endingBecause = 'the agent was forgotten';
        const ended = evaluateAgent(state, [], {
          agentId,
          labels: {},
          rules: [],
          nowMs: nowMs(),
          endingBecause,
        });
        return { next: ended.state, dueOf: () => Infinity, isOver: true };
      });
    },
  };
}
