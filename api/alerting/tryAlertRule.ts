import { dryRunBodySchema, dryRunSchema, type DryRun } from '../../core/contracts/alerting/views.ts';
import { nowSeconds } from '../../core/time.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import { dryRun, MAX_AGENTS } from './dryRun.ts';
import type { HistoryReads } from '../history/reads.ts';
import { createTurnstile } from '../history/concurrencyLimit.ts';
import { readJson } from '../http/jsonBody.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseField, validate } from '../http/validation.ts';
import { ALERT_EXAMPLE } from './alert.ts';
import { RULE_BODY_EXAMPLE } from './alertRules.ts';
import { MAX_BODY_BYTES } from './changes.ts';
import type { Route } from '../http/route.ts';

/** Longest range: of an agent that reports every two seconds it has 302,400 snapshots. */
const MAX_DAYS = 7;

/** Each takes a share of the processor for seconds. */
const MAX_UNDER_WAY = 2;
const TOO_MANY = 'Other rules are being tried: ask again when Retry-After says';

const { acknowledged: _, silenced_by: __, ...ALERT } = ALERT_EXAMPLE;

/** `POST /api/alert-rules/test`: when a rule would have fired. */
export function tryAlertRuleRoute({
  history,
  agents,
}: {
  history: HistoryReads | undefined;
  agents: AgentStore | undefined;
}): Route {
  const letIn = createTurnstile(MAX_UNDER_WAY, TOO_MANY);
  return {
    method: 'post',
    path: '/api/alert-rules/test',
    summary: 'Say when a rule would have fired, without keeping it',
    description:
      'Judges the stored snapshots as they would have been judged when they came, as if it were the only rule and ' +
      `enabled. Of those it matches, ${MAX_AGENTS} agents at most; one that is named is judged whether it matches or not.`,
    tag: 'alerts',
    access: 'operator',
    isCostly: true,
    body: dryRunBodySchema,
    bodyExample: { rule: RULE_BODY_EXAMPLE, agent: 'web-01', from: 1764036732, to: 1764040342 },
    answers: {
      200: {
        description: 'What would have fired, by agent',
        schema: dryRunSchema,
        example: {
          from: 1764036732,
          to: 1764040342,
          agents: [{ agent_id: 'web-01', samples: 1805, alerts: [ALERT] }],
          left_out: 0,
        } satisfies DryRun,
      },
      403: { description: 'Only the operator may' },
      404: { description: 'The agent that is named never reported' },
      503: {
        description: 'POSTGRES_DSN is not set, a store is out of reach, or too many rules are being tried',
      },
    },
    async handle(ctx) {
      const reads = requireHistory(history);
      const known = requireHistory(agents);
      const body = validate(dryRunBodySchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
      const { raw } = reads.coverage({ minutesUntil: undefined, hoursUntil: undefined }, nowSeconds());
      const range = rangeOf(body, raw.from);
      const { socket } = ctx.req;
      ctx.body = await letIn(() =>
        dryRun(body, range, { agents: known, store: reads.store, isWanted: () => !socket.destroyed }),
      );
    },
  };
}

/** What of it is kept and can have been measured. */
function rangeOf({ from, to }: { from: number; to: number }, keptFrom: number): { from: number; to: number } {
  const refuse = (name: string, msg: string) => refuseField(['body', name], msg);
  const now = nowSeconds();
  if (to <= from) refuse('to', 'Must be later than from');
  if (from >= now) refuse('from', 'Lies in the future: nothing has been measured yet');
  if (to <= keptFrom) refuse('to', 'Nothing of that time is kept any more (POSTGRES_RETENTION_DAYS)');
  if (to - from > MAX_DAYS * 86_400)
    refuse('from', `Lies more than ${MAX_DAYS} days before to: ask for less`);
  return { from: Math.max(from, keptFrom), to: Math.min(to, now) };
}
