import type { AlertRuleBody } from '../contracts/alerting/rule.ts';
import { hasWildcard } from './glob.ts';

/** Most rules there may be: each looks at every snapshot of the agents it is for. */
export const MAX_RULES = 500;

/** Most different patterns with wildcards in what the rules match: a new agent is held against each of them, at 1 µs or so. */
export const MAX_PATTERNS = 1_000;

type Bounded = { id: string } & Pick<AlertRuleBody, 'match'>;

/** What becomes too much where rules take the place of those before; undefined where they are no more than that. */
export function excessOf(
  before: readonly Bounded[],
  after: readonly Bounded[],
): { at: 'rules' | 'patterns'; message: string } | undefined {
  if (after.length > MAX_RULES && after.length > before.length)
    return { at: 'rules', message: `There may be ${MAX_RULES} rules in all` };
  const patterns = patternsIn(after);
  if (patterns > MAX_PATTERNS && patterns > patternsIn(before))
    return {
      at: 'patterns',
      message: `All rules together may have ${MAX_PATTERNS} patterns with * or ?, and would have ${patterns}: name agents in full, or choose them by labels`,
    };
  return undefined;
}

/** `*` alone is no work. */
function patternsIn(rules: readonly Bounded[]): number {
  const patterns = rules.flatMap(({ match }) => match.agents);
  return new Set(patterns.filter((pattern) => pattern !== '*' && hasWildcard(pattern))).size;
}
