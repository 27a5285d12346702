import { z } from 'zod';
import { KEEP_FORGOTTEN_MS } from '../../fleet/agentState.ts';
import type { AgentChanges } from '../../contracts/agents.ts';
import { MAX_LABELS, type Labels } from '../../contracts/labels.ts';
import type { ForgetTask } from '../../contracts/queues.ts';
import { InvalidRequestError } from '../../errors.ts';
import { packedTableOf, quoteName, rollupTablesOf } from './tableNames.ts';
import type { Prisma, PrismaClient } from '../../platform/prisma.ts';
import { textArrayOf } from './arrays.ts';
import { earlierNow } from './partitionCatalog.ts';
import { orUnavailable } from './unavailable.ts';

/** What is known of an agent for good. */
export interface AgentRecord {
  agentId: string;
  /** Undefined where the operator gave none. */
  name: string | undefined;
  /** The agent's own, with those of the operator over them. */
  labels: Labels;
  /** Epoch seconds of receipt. */
  firstSeen: number;
  /** The same; to about a minute. */
  lastSeen: number;
}

/** That something was received of an agent. */
export interface LastSeen {
  agentId: string;
  firstReceivedAtMs: number;
  lastReceivedAtMs: number;
  /** What it said of itself last; undefined where it said nothing. */
  labels: Labels | undefined;
}

/** An agent that is forgotten, and when: see `ForgetTask`. */
export type Forgetting = Pick<ForgetTask, 'agentId' | 'untilReceivedMs' | 'untilTimestamp'>;

/**
 * What is known of every agent for good, in PostgreSQL. Every method throws an UnavailableError where PostgreSQL cannot
 * do it now and the same call is worth repeating.
 */
export interface AgentStore {
  /** Every agent, in the order of ids. */
  list(): Promise<AgentRecord[]>;
  find(agentId: string): Promise<AgentRecord | undefined>;
  /**
   * Ids of the agents that have all of these labels, in their order; of all agents where none are given. Whoever has
   * a `label=key=value` in a query turns it into ids here, and asks the history for those.
   */
  idsByLabels(labels: Labels): Promise<string[]>;
  /** What operators say of agents, by id; without those of whom they say nothing. */
  operatorLabels(): Promise<Map<string, Labels>>;
  /** Notes that agents were heard of, in one statement; repeating it changes nothing. */
  upsert(reports: LastSeen[]): Promise<void>;
  /**
   * What the operator says of an agent that was first heard of then (epoch ms).
   *
   * @throws {InvalidRequestError} where it would have too many labels
   */
  change(agentId: string, changes: AgentChanges, firstSeenMs: number): Promise<AgentRecord>;
  /**
   * Forgets what is known of agents that were first heard of until then, and lets in nothing any more that was received
   * until then. Their rows stay: `deleteRows` takes them away, piece by piece.
   */
  forget(agentIds: string | readonly string[], forgottenAtMs: number): Promise<void>;
  /**
   * Deletes what history has of an agent of before it was forgotten, for about this long. Resolves to how many rows went,
   * and whether all of them have.
   */
  deleteRows(forgetting: Forgetting, forMs: number): Promise<{ rows: number; done: boolean }>;
  /** Drops what is remembered of agents that were forgotten so long ago that nothing of them waits any more. */
  prune(): Promise<void>;
}

/** A table with rows of agents that grow with time. */
interface HistoryTable {
  table: string;
  /** Its column of time. */
  time: string;
  /** The column by which it is told that a row is of before its agent was forgotten, and until when that is, in epoch ms. */
  until: string;
  untilMs: number;
}

/** All of them: one that is added to the database is added here. */
function historyOf(view: string, { untilReceivedMs, untilTimestamp }: Forgetting): HistoryTable[] {
  const { minutes, hours, processHours, pendingHours } = rollupTablesOf(view);
  // What snapshots come to does not know when they were received: it goes by the agent's own clock.
  const untilMs = untilTimestamp * 1000;
  return [
    {
      table: packedTableOf(view),
      time: 'timestamp_utc',
      until: 'received_at',
      untilMs: untilReceivedMs,
    },
    { table: minutes, time: 'minute', until: 'minute', untilMs },
    { table: hours, time: 'hour', until: 'hour', untilMs },
    { table: processHours, time: 'hour', until: 'hour', untilMs },
    { table: pendingHours, time: 'hour', until: 'hour', untilMs },
    { table: 'topline_alerts', time: 'started_at', until: 'started_at', untilMs },
    { table: 'topline_alert_entries', time: 'at', until: 'at', untilMs: untilReceivedMs },
  ];
}

/** As they are kept: what may be in them was looked at when they came in. */
const storedLabelsSchema = z.record(z.string(), z.string());

const recordSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  labels: storedLabelsSchema,
  first: z.number(),
  last: z.number(),
});

export function createAgentStore({
  prisma,
  table: view,
}: {
  prisma: PrismaClient;
  /** POSTGRES_TABLE: that of the history, of which `deleteRows` takes rows away. */
  table: string;
}): AgentStore {
  /**
   * All with these labels. Raw, as one text: of a thousand hosts a model takes 6 ms of this process, and this 2, with each
   * listing of the fleet.
   */
  async function select(labels: Labels): Promise<AgentRecord[]> {
    const [row] = await prisma.$queryRaw<{ agents: string | null }[]>`
      SELECT json_agg(json_build_object('id', agent_id, 'name', name, 'labels', agent_labels || operator_labels,
        'first', floor(extract(epoch FROM first_seen)), 'last', floor(extract(epoch FROM last_seen)))
        ORDER BY agent_id COLLATE "C")::text AS agents
      FROM topline_agents WHERE agent_labels || operator_labels @> ${JSON.stringify(labels)}::jsonb`;
    const known = JSON.parse(row?.agents ?? '[]') as unknown[];
    return known.map((one) => {
      const { id, name, labels: all, first, last } = recordSchema.parse(one);
      return { agentId: id, name: name ?? undefined, labels: all, firstSeen: first, lastSeen: last };
    });
  }

  /** Those of six hours, from the first there is: some ten thousand at the usual pace. */
  function deleteOldest(
    { table: name, time, until, untilMs }: HistoryTable,
    agentId: string,
  ): Promise<number> {
    const from = quoteName(name);
    const gone = `agent_id = $1 AND ${until} <= to_timestamp($2::float8 / 1000)`;
    return prisma.$executeRawUnsafe(
      `WITH first AS (SELECT ${time} AS at FROM ${from} WHERE ${gone} ORDER BY ${time} LIMIT 1)
       DELETE FROM ${from} WHERE ${gone}
         AND ${time} >= (SELECT at FROM first) AND ${time} < (SELECT at FROM first) + interval '6 hours'`,
      agentId,
      untilMs,
    );
  }

  return {
    list: () => orUnavailable(() => select({})),

    find: (agentId) =>
      orUnavailable(async () => {
        const agent = await prisma.agent.findUnique({ where: { agentId } });
        return agent === null ? undefined : recordOf(agent);
      }),

    idsByLabels: (labels) => orUnavailable(async () => (await select(labels)).map(({ agentId }) => agentId)),

    operatorLabels: () =>
      orUnavailable(async () => {
        const rows = await prisma.agent.findMany({
          where: { NOT: { operatorLabels: { equals: {} } } },
          select: { agentId: true, operatorLabels: true },
        });
        return new Map(
          rows.map(({ agentId, operatorLabels }) => [agentId, storedLabelsSchema.parse(operatorLabels)]),
        );
      }),

    upsert: (reports) =>
      orUnavailable(async () => {
        if (reports.length > 0) await upsertLastSeen(prisma, reports);
      }),

    change: (agentId, { name, labels = {} }, firstSeenMs) =>
      orUnavailable(() =>
        prisma.$transaction(async ({ agent }) => {
          const firstSeen = new Date(firstSeenMs);
          const said = { ...(name === undefined ? {} : { name }), updatedAt: new Date() };
          // From here on its row is locked, so that no label set at the same time is lost.
          const { operatorLabels: before } = await agent.upsert({
            where: { agentId },
            create: { agentId, firstSeen, lastSeen: firstSeen, ...said },
            update: said,
          });
          const operatorLabels = Object.fromEntries(
            Object.entries({ ...storedLabelsSchema.parse(before), ...labels }).filter(
              ([, value]) => value !== null,
            ),
          );
          if (Object.keys(operatorLabels).length > MAX_LABELS) throw tooManyLabels();
          return recordOf(await agent.update({ where: { agentId }, data: { operatorLabels } }));
        }),
      ),

    forget: (agentIds, forgottenAtMs) =>
      orUnavailable(async () => {
        const forgottenAt = new Date(forgottenAtMs);
        const ids = [agentIds].flat();
        const of = { agentId: { in: ids } };
        // Remembered first: what is noted of it between the two is let in no more. An earlier time does not undo a later one.
        await prisma.forgottenAgent.createMany({
          data: ids.map((agentId) => ({ agentId, forgottenAt })),
          skipDuplicates: true,
        });
        await prisma.forgottenAgent.updateMany({
          where: { ...of, forgottenAt: { lt: forgottenAt } },
          data: { forgottenAt },
        });
        await prisma.agent.deleteMany({ where: { ...of, firstSeen: { lte: forgottenAt } } });
      }),

    deleteRows: (forgetting, forMs) =>
      orUnavailable(async () => {
        const endsAt = performance.now() + forMs;
        let rows = 0;
        for (const from of historyOf(view, forgetting)) {
          for (;;) {
            const deleted = await deleteOldest(from, forgetting.agentId);
            if (deleted === 0) break;
            rows += deleted;
            if (performance.now() >= endsAt) return { rows, done: false };
          }
        }
        return { rows, done: true };
      }),

    prune: () =>
      orUnavailable(async () => {
        const before = (await earlierNow(prisma, Date.now())) * 1000 - KEEP_FORGOTTEN_MS;
        await prisma.forgottenAgent.deleteMany({ where: { forgottenAt: { lt: new Date(before) } } });
      }),
  };
}

/**
 * In the order of the key, so that two workers which note the same agents wait for each other instead of deadlocking.
 * What a worker notes late does not undo what another one noted of later.
 */
async function upsertLastSeen(prisma: PrismaClient, reports: LastSeen[]): Promise<void> {
  const seen = reports.map(({ agentId, labels = null, firstReceivedAtMs, lastReceivedAtMs }) => ({
    agent_id: agentId,
    labels,
    first_ms: firstReceivedAtMs,
    last_ms: lastReceivedAtMs,
  }));
  const labelled = reports.flatMap(({ agentId, labels }) => (labels === undefined ? [] : [agentId]));
  await prisma.$executeRaw`
    INSERT INTO topline_agents AS known (agent_id, agent_labels, first_seen, last_seen)
    SELECT agent_id, coalesce(labels, '{}'),
      greatest(to_timestamp(first_ms / 1000), forgotten_at + interval '1 ms'), to_timestamp(last_ms / 1000)
    FROM jsonb_to_recordset(${JSON.stringify(seen)}::jsonb)
      AS seen (agent_id text, labels jsonb, first_ms float8, last_ms float8)
    LEFT JOIN topline_forgotten_agents USING (agent_id)
    WHERE forgotten_at IS NULL OR forgotten_at < to_timestamp(last_ms / 1000)
    ORDER BY agent_id COLLATE "C"
    ON CONFLICT (agent_id) DO UPDATE SET
      first_seen = least(known.first_seen, excluded.first_seen),
      last_seen = greatest(known.last_seen, excluded.last_seen),
      agent_labels = CASE
        WHEN excluded.last_seen >= known.last_seen AND known.agent_id = ANY (${textArrayOf(labelled)}::text::text[])
        THEN excluded.agent_labels ELSE known.agent_labels END,
      updated_at = now()`;
}

function recordOf({
  agentId,
  name,
  agentLabels,
  operatorLabels,
  firstSeen,
  lastSeen,
}: Prisma.AgentGetPayload<object>): AgentRecord {
  return {
    agentId,
    name: name ?? undefined,
    labels: { ...storedLabelsSchema.parse(agentLabels), ...storedLabelsSchema.parse(operatorLabels) },
    firstSeen: Math.floor(firstSeen.getTime() / 1000),
    lastSeen: Math.floor(lastSeen.getTime() / 1000),
  };
}

function tooManyLabels(): InvalidRequestError {
  const msg = `At most ${MAX_LABELS} labels: take some away with null`;
  return new InvalidRequestError([{ loc: ['body', 'labels'], msg, type: 'too_many' }]);
}
