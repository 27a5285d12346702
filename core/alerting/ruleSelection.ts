import { ascending } from '../collections.ts';
import type { AlertRule } from '../contracts/alerting/rule.ts';
import type { Labels } from '../contracts/labels.ts';
import { compileRule, type CompiledRule } from './compiledRule.ts';
import { compileGlob, hasWildcard, type GlobMatch } from './glob.ts';

/** The rules that apply to an agent, in the order of their ids. The same array for all agents they are the same for. */
export type RuleSelection = (agentId: string, labels: Labels) => readonly CompiledRule[];

/** How closely a rule fits an agent; what comes first wins. */
type Fit = readonly [inFull: number, patternLength: number, labels: number];

interface Candidate {
  compiled: CompiledRule;
  family: string;
  patterns: Pattern[];
  labels: [string, string][];
}

/** Rules that have the same one share it, so that an agent is held against it once. */
interface Pattern {
  matches: GlobMatch;
  /** As far as the pattern decides it. */
  closeness: readonly [inFull: number, patternLength: number];
}

/** Choices remembered; past this many they are made anew. */
const MAX_REMEMBERED = 50_000;

/**
 * Chooses by the order in the contract (`family` of a rule): of a family the most specific rule that matches, and nothing
 * where that one is exempt. A rule that is not enabled takes no part.
 */
export function createRuleSelection(rules: readonly AlertRule[]): RuleSelection {
  const patterns = new Map<string, Pattern>();
  const patternOf = (text: string): Pattern => {
    const pattern = patterns.get(text) ?? toPattern(text);
    patterns.set(text, pattern);
    return pattern;
  };
  const candidates = rules.filter(({ enabled }) => enabled).map((rule) => toCandidate(rule, patternOf));
  const remembered = new Map<string, readonly CompiledRule[]>();
  const known = new Map<string, readonly CompiledRule[]>();

  function choose(agentId: string, labels: Labels): readonly CompiledRule[] {
    const best = new Map<string, { candidate: Candidate; fit: Fit }>();
    const answers = new Map<Pattern, boolean>();
    const matches = (pattern: Pattern): boolean => {
      const answer = answers.get(pattern) ?? pattern.matches(agentId);
      answers.set(pattern, answer);
      return answer;
    };
    for (const candidate of candidates) {
      const fit = fitOf(candidate, matches, labels);
      if (fit === undefined) continue;
      const other = best.get(candidate.family);
      if (other === undefined || isCloser({ candidate, fit }, other))
        best.set(candidate.family, { candidate, fit });
    }
    return [...best.values()]
      .map(({ candidate }) => candidate.compiled)
      .filter(({ rule }) => !rule.exempt)
      .sort((a, b) => ascending(a.rule.id, b.rule.id));
  }

  return (agentId, labels) => {
    const key = `${agentId} ${JSON.stringify(labels)}`;
    const before = remembered.get(key);
    if (before !== undefined) return before;
    const chosen = choose(agentId, labels);
    const ids = chosen.map(({ rule }) => rule.id).join(' ');
    const shared = known.get(ids) ?? chosen;
    known.set(ids, shared);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, shared);
    return shared;
  };
}

function toPattern(text: string): Pattern {
  const closeness = [hasWildcard(text) ? 0 : 1, text.replace(/[*?]/g, '').length] as const;
  return { matches: compileGlob(text), closeness };
}

function toCandidate(rule: AlertRule, patternOf: (text: string) => Pattern): Candidate {
  return {
    compiled: compileRule(rule),
    family: rule.family ?? `rule ${rule.id}`,
    patterns: rule.match.agents.map(patternOf),
    labels: Object.entries(rule.match.labels),
  };
}

/** Undefined where it is not for this agent. */
function fitOf(
  { patterns, labels: wanted }: Candidate,
  matches: (pattern: Pattern) => boolean,
  labels: Labels,
): Fit | undefined {
  if (!wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)) return undefined;
  let closest: Fit | undefined;
  for (const pattern of patterns) {
    if (!matches(pattern)) continue;
    const fit: Fit = [...pattern.closeness, wanted.length];
    if (closest === undefined || compareFits(fit, closest) > 0) closest = fit;
  }
  return closest;
}

function compareFits(a: Fit, b: Fit): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

function isCloser(a: { candidate: Candidate; fit: Fit }, b: { candidate: Candidate; fit: Fit }): boolean {
  const closer = compareFits(a.fit, b.fit);
  return closer > 0 || (closer === 0 && a.candidate.compiled.rule.id < b.candidate.compiled.rule.id);
}
