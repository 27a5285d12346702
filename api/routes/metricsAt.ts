import { z } from 'zod';
import {
  agentIdSchema,
  DEFAULT_AGENT_ID,
  snapshotSchema,
  type Snapshot,
} from '../../core/contracts/snapshot.ts';
import { InvalidRequestError, ServiceError } from '../../core/errors.ts';
import { parseTime, timeFault } from '../../core/history/times.ts';
import { heldSeconds, MAX_HOLD_SECONDS, type Sample } from '../../core/rollup/hold.ts';
import type { HistoryReads } from '../history/reads.ts';
import { requireHistory } from '../requireHistory.ts';
import { validate } from '../validation.ts';
import { HISTORY_REFUSALS, timeSchema } from './historyQuery.ts';
import type { Route } from './route.ts';

const querySchema = z.object({
  agent: agentIdSchema,
  time: timeSchema.default('now').meta({ description: 'The moment.' }),
});

const answerSchema = z
  .object({
    agent: agentIdSchema,
    time: z.number().int().meta({ description: 'The moment asked for, in epoch seconds.' }),
    age_seconds: z.number().int().meta({ description: 'How old the snapshot was then.' }),
    held: z.boolean().meta({
      description:
        `Whether the snapshot still stood for that moment: it does until the agent's next one, if that comes within ` +
        `${MAX_HOLD_SECONDS} s, else as long as the one before it did. False in a gap.`,
    }),
    snapshot: snapshotSchema,
  })
  .meta({ id: 'MetricsAt' });

/** `GET /api/metrics/at`: what a host was doing at one moment. */
export function metricsAtRoute({ history }: { history: HistoryReads | undefined }): Route {
  return {
    method: 'get',
    path: '/api/metrics/at',
    summary: 'The snapshot in force at a moment, with its processes',
    description: 'The newest one at or before it.',
    tag: 'history',
    access: 'reader',
    query: querySchema,
    examples: {
      now: { summary: 'The newest', query: { agent: 'web-01', time: 'now' } },
      earlier: { summary: 'Five minutes ago', query: { agent: 'web-01', time: '-5m' } },
    },
    answers: {
      200: { description: 'The snapshot, and how old it was', schema: answerSchema },
      404: { description: 'The agent has none at or before that moment' },
      ...HISTORY_REFUSALS,
    },
    async handle(ctx) {
      const reads = requireHistory(history);
      const { agent, time: text } = validate(querySchema, ctx.query, 'query');
      const given = parseTime(text, Date.now() / 1000);
      if (given === undefined) throw new InvalidRequestError([timeFault('time')]);
      const time = Math.floor(given);
      ctx.body = await reads.answer(async () => {
        const sample = await reads.store.newestAt(agent, time);
        if (sample === undefined)
          throw new ServiceError(
            404,
            `No snapshot of ${agent} at or before ${new Date(time * 1000).toISOString()}`,
          );
        const age = time - sample.timestamp;
        return {
          agent,
          time,
          age_seconds: age,
          held: age === 0 || age < (await heldOf(reads, agent, sample)),
          snapshot: snapshotOf(agent, sample),
        } satisfies z.output<typeof answerSchema>;
      });
    },
  };
}

/** How long a snapshot stands, in seconds: that depends on those around it. */
async function heldOf({ store }: HistoryReads, agentId: string, sample: Sample): Promise<number> {
  const around = { from: sample.timestamp - MAX_HOLD_SECONDS, to: sample.timestamp + MAX_HOLD_SECONDS + 1 };
  const ordered: Sample[] = [];
  for await (const page of store.samplesOf(agentId, around)) ordered.push(...page);
  return heldSeconds(
    ordered,
    ordered.findIndex(({ snapshotId }) => snapshotId === sample.snapshotId),
  );
}

function snapshotOf(agentId: string, { snapshotId: _, ...snapshot }: Sample): Snapshot {
  return agentId === DEFAULT_AGENT_ID ? snapshot : { ...snapshot, agent_id: agentId };
}
