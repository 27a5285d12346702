import { ruleEndpoints } from '../../core/contracts/endpoints/rules.ts';
import { nowSeconds } from '../../core/time.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { HistoryReads } from '../history/reads.ts';
import { createConcurrencyLimit } from '../history/concurrencyLimit.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseField } from '../http/validation.ts';
import { route, type Route } from '../http/route.ts';
import { dryRun } from './dryRun.ts';

/** Longest range: of an agent that reports every two seconds it has 302,400 snapshots. */
const MAX_DAYS = 7;

/** Each takes a share of the processor for seconds. */
const MAX_IN_FLIGHT = 2;
const TOO_MANY = 'Other rules are being tried: ask again when Retry-After says';

/** `POST /api/alert-rules/test`: when a rule would have fired. */
export function testRuleRoute({
  history,
  agents,
}: {
  history: HistoryReads | undefined;
  agents: AgentStore | undefined;
}): Route {
  const withinLimit = createConcurrencyLimit(MAX_IN_FLIGHT, TOO_MANY);
  return route(ruleEndpoints.test, {
    access: 'operator',
    isCostly: true,
    async handle(request, ctx) {
      const reads = requireHistory(history);
      const known = requireHistory(agents);
      const body = await request.body();
      const { raw } = reads.coverage({ minutesUntil: undefined, hoursUntil: undefined }, nowSeconds());
      const range = rangeOf(body, raw.from);
      const { socket } = ctx.req;
      return withinLimit(() =>
        dryRun(body, range, { agents: known, store: reads.store, isWanted: () => !socket.destroyed }),
      );
    },
  });
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
