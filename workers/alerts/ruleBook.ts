import { LRUCache } from 'lru-cache';
import type { AgentAlerting } from '../../core/alerting/agentAlerting.ts';
import type { CompiledRule } from '../../core/alerting/compiledRule.ts';
import { createRuleSelection, type RuleSelection } from '../../core/alerting/ruleSelection.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import { parseLabels, type Labels } from '../../core/contracts/labels.ts';

/** As far as evaluation needs them. */
export type RuleSettings = Pick<AlertingSettings, 'version' | 'rules'>;

/** Where the settings come from; `current` rejects with an UnavailableError where nobody can tell. */
export interface RuleSource {
  current(): RuleSettings | Promise<RuleSettings>;
}

/** What the operator says of agents. */
export interface OperatorLabels {
  of(agentId: string): Labels | undefined;
}

/** The rules as they are now, ready to choose from. */
export interface RuleBook {
  /** Of the settings and of the operator's labels: where it is another one, agents may be under other rules. */
  version: string;
  for(
    agentId: string,
    state: Pick<AgentAlerting, 'labels'>,
  ): { labels: Labels; rules: readonly CompiledRule[] };
}

/** Makes rules ready once for each version of the settings. */
export function createRuleBook(
  source: RuleSource,
  operator: OperatorLabels & { version(): string },
): () => Promise<RuleBook> {
  let known: { settings: RuleSettings; select: RuleSelection } | undefined;
  const ownLabels = new LRUCache<string, Labels>({ max: MAX_REMEMBERED });

  function labelsOf(agentId: string, text: string | undefined): Labels {
    let own: Labels = NONE;
    if (text !== undefined && text !== '') {
      own = ownLabels.get(text) ?? parseLabels(text) ?? NONE;
      ownLabels.set(text, own);
    }
    const theirs = operator.of(agentId);
    return theirs === undefined ? own : { ...own, ...theirs };
  }

  return async () => {
    const settings = await source.current();
    if (known?.settings !== settings) {
      const isSame = known?.settings.version === settings.version;
      known = {
        settings,
        select: isSame && known !== undefined ? known.select : createRuleSelection(settings.rules),
      };
    }
    const { select } = known;
    return {
      version: `${settings.version} ${operator.version()}`,
      for(agentId, state) {
        const labels = labelsOf(agentId, state.labels);
        return { labels, rules: select(agentId, labels) };
      },
    };
  };
}

const NONE: Labels = Object.freeze({});

/** Texts of labels that were parsed; a fleet has few. */
const MAX_REMEMBERED = 10_000;
