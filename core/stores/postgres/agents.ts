import { z } from 'zod';
import { KEEP_FORGOTTEN_MS } from '../../fleet/agentState.ts';
import type { AgentChanges } from '../../contracts/agents.ts';
import { MAX_LABELS, type Labels } from '../../contracts/labels.ts';
import type { ForgetTask } from '../../contracts/queues.ts';
import { InvalidRequestError } from '../../errors.ts';
import { packedTableOf, quoteName, rollupTablesOf } from './tableNames.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
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
export interface Sighting {
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
  /** Notes that agents were heard of, in one statement; repeating it changes nothing. */
  upsert(sightings: Sighting[]): Promise<void>;
  /**
   * What the operator says of an agent that was first heard of then (epoch ms).
   *
   * @throws {InvalidRequestError} where it would have too many labels
   */
  change(agentId: string, changes: AgentChanges, firstSeenMs: number): Promise<AgentRecord>;
  /**
   * Forgets what is known of an agent that was first heard of until then, and lets in nothing any more that was received
   * until then. Its rows stay: `deleteRows` takes them away, piece by piece.
   */
  forget(agentId: string, forgottenAtMs: number): Promise<void>;
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

const recordSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  first: z.number(),
  last: z.number(),
});

const COLUMNS = `json_build_object('id', agent_id, 'name', name, 'labels', agent_labels || operator_labels,
  'first', floor(extract(epoch FROM first_seen)), 'last', floor(extract(epoch FROM last_seen)))`;

export function createAgentStore({
  prisma,
  table: view,
}: {
  prisma: PrismaClient;
  table: string;
}): AgentStore {
  const table = 'topline_agents';
  const forgotten = 'topline_forgotten_agents';

  /** One text: a thousand rows of columns would take the client longer than the database. */
  async function select(condition: string, ...values: unknown[]): Promise<AgentRecord[]> {
    const [row] = await prisma.$queryRawUnsafe<{ agents: string | null }[]>(
      `SELECT json_agg(${COLUMNS} ORDER BY agent_id COLLATE "C")::text AS agents FROM ${table} WHERE ${condition}`,
      ...values,
    );
    const known = JSON.parse(row?.agents ?? '[]') as unknown[];
    return known.map((one) => {
      const { id, name, labels, first, last } = recordSchema.parse(one);
      return { agentId: id, name: name ?? undefined, labels, firstSeen: first, lastSeen: last };
    });
  }

  /**
   * In the order of the key, so that two workers which note the same agents wait for each other instead of deadlocking.
   * What a worker notes late does not undo what another one noted of later.
   */
  const UPSERT = `
INSERT INTO ${table} AS known (agent_id, agent_labels, first_seen, last_seen)
SELECT agent_id, coalesce(labels, '{}'),
  greatest(to_timestamp(first_ms / 1000), forgotten_at + interval '1 ms'), to_timestamp(last_ms / 1000)
FROM jsonb_to_recordset($1::jsonb) AS seen (agent_id text, labels jsonb, first_ms float8, last_ms float8)
LEFT JOIN ${forgotten} USING (agent_id)
WHERE forgotten_at IS NULL OR forgotten_at < to_timestamp(last_ms / 1000)
ORDER BY agent_id COLLATE "C"
ON CONFLICT (agent_id) DO UPDATE SET
  first_seen = least(known.first_seen, excluded.first_seen),
  last_seen = greatest(known.last_seen, excluded.last_seen),
  agent_labels = CASE WHEN excluded.last_seen >= known.last_seen AND known.agent_id = ANY ($2::text::text[])
    THEN excluded.agent_labels ELSE known.agent_labels END,
  updated_at = now()`;

  const CHANGE = `
INSERT INTO ${table} AS known (agent_id, name, operator_labels, first_seen, last_seen)
VALUES ($1, $2, jsonb_strip_nulls($4::jsonb), to_timestamp($5::float8 / 1000), to_timestamp($5::float8 / 1000))
ON CONFLICT (agent_id) DO UPDATE SET
  name = CASE WHEN $3::boolean THEN excluded.name ELSE known.name END,
  operator_labels = jsonb_strip_nulls(known.operator_labels || $4::jsonb),
  updated_at = now()`;

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
    list: () => orUnavailable(() => select('true')),

    find: (agentId) => orUnavailable(async () => (await select('agent_id = $1', agentId))[0]),

    idsByLabels: (labels) =>
      orUnavailable(async () => {
        const found = await select('agent_labels || operator_labels @> $1::jsonb', JSON.stringify(labels));
        return found.map(({ agentId }) => agentId);
      }),

    upsert: (sightings) =>
      orUnavailable(async () => {
        if (sightings.length === 0) return;
        const labelled = sightings.filter(({ labels }) => labels !== undefined);
        await prisma.$executeRawUnsafe(
          UPSERT,
          JSON.stringify(
            sightings.map(({ agentId, labels, firstReceivedAtMs, lastReceivedAtMs }) => ({
              agent_id: agentId,
              labels: labels ?? null,
              first_ms: firstReceivedAtMs,
              last_ms: lastReceivedAtMs,
            })),
          ),
          // An agent's id holds nothing that would have to be quoted in the text of an array.
          `{${labelled.map(({ agentId }) => `"${agentId}"`).join(',')}}`,
        );
      }),

    change: (agentId, { name, labels = {} }, firstSeenMs) =>
      orUnavailable(() =>
        prisma.$transaction(async (transaction) => {
          await transaction.$executeRawUnsafe(
            CHANGE,
            agentId,
            name ?? null,
            name !== undefined,
            JSON.stringify(labels),
            firstSeenMs,
          );
          const [row] = await transaction.$queryRawUnsafe<{ agent: string; own: number }[]>(
            `SELECT ${COLUMNS}::text AS agent,
              (SELECT count(*) FROM jsonb_object_keys(operator_labels))::int AS own FROM ${table} WHERE agent_id = $1`,
            agentId,
          );
          if ((row?.own ?? 0) > MAX_LABELS) throw tooManyLabels();
          const { name: given, labels: all, first, last } = recordSchema.parse(JSON.parse(row?.agent ?? ''));
          return { agentId, name: given ?? undefined, labels: all, firstSeen: first, lastSeen: last };
        }),
      ),

    forget: (agentId, forgottenAtMs) =>
      orUnavailable(async () => {
        // Remembered first: what is noted of it between the two is let in no more.
        await prisma.$executeRawUnsafe(
          `INSERT INTO ${forgotten} AS known VALUES ($1, to_timestamp($2::float8 / 1000))
           ON CONFLICT (agent_id) DO UPDATE SET forgotten_at = greatest(known.forgotten_at, excluded.forgotten_at)`,
          agentId,
          forgottenAtMs,
        );
        await prisma.$executeRawUnsafe(
          `DELETE FROM ${table} WHERE agent_id = $1 AND first_seen <= to_timestamp($2::float8 / 1000)`,
          agentId,
          forgottenAtMs,
        );
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
        await prisma.$executeRawUnsafe(
          `DELETE FROM ${forgotten} WHERE forgotten_at < now() - make_interval(secs => $1::float8)`,
          KEEP_FORGOTTEN_MS / 1000,
        );
      }),
  };
}

function tooManyLabels(): InvalidRequestError {
  const msg = `At most ${MAX_LABELS} labels: take some away with null`;
  return new InvalidRequestError([{ loc: ['body', 'labels'], msg, type: 'too_many' }]);
}
