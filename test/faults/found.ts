import type { Redis } from 'ioredis';
import pg from 'pg';
import { unpackMeasurements } from '../../core/snapshot/codec.ts';
import { canonical, hashOf, identityOf } from './content.ts';
import { CYCLE, HOT_FROM } from './plan.ts';

/** What a store holds of one snapshot. */
export interface Found {
  /** How often: by what it says, not by its key. */
  count: number;
  hash: string;
}

/** Rows and records, by the identity that follows from their content. */
export type Holding = Map<string, Found>;

function add(holding: Holding, agentId: string, json: string): void {
  const identity = identityOf(agentId, json);
  const known = holding.get(identity);
  if (known === undefined) holding.set(identity, { count: 1, hash: hashOf(json) });
  else known.count += 1;
}

const PAGE = 5_000;

interface Row {
  agent_id: string;
  snapshot_id: string;
  timestamp_utc: Date;
  total_cpu_percent: number;
  system_memory_total_mb: number;
  system_memory_used_mb: number;
  measurements: Buffer;
}

/**
 * Every row of the history, from the table itself (the view unpacks a few thousand rows a second, no more), and how many keys
 * of rows do not follow from their content.
 */
export async function readHistory(dsn: string): Promise<{ holding: Holding; wrongKeys: number }> {
  const client = new pg.Client({ connectionString: dsn });
  await client.connect();
  const holding: Holding = new Map();
  let wrongKeys = 0;
  try {
    await client.query('BEGIN');
    await client.query('DECLARE history CURSOR FOR SELECT * FROM metrics_snapshots_packed');
    for (;;) {
      const { rows } = await client.query<Row>(`FETCH ${PAGE} FROM history`);
      if (rows.length === 0) break;
      for (const row of rows) {
        const json = canonical({
          ...row,
          ...unpackMeasurements(row.measurements),
          timestamp: row.timestamp_utc.getTime() / 1_000,
        });
        if (identityOf(row.agent_id, json) !== row.snapshot_id) wrongKeys += 1;
        add(holding, row.agent_id, json);
      }
    }
  } finally {
    await client.end();
  }
  return { holding, wrongKeys };
}

/** Every member of these agents' timelines. */
export async function readTimeline(redis: Redis, agentIds: Iterable<string>): Promise<Holding> {
  const holding: Holding = new Map();
  for (const agentId of agentIds) {
    for (let start = 0; ; start += PAGE) {
      const members = await redis.zrange(
        `metrics:timeline:${agentId}`,
        String(start),
        String(start + PAGE - 1),
      );
      for (const member of members) add(holding, agentId, canonical(JSON.parse(member)));
      if (members.length < PAGE) break;
    }
  }
  return holding;
}

/** Alert events by agent and hot window. */
export async function readAlerts(redis: Redis, startSeconds: number): Promise<Map<string, number>> {
  const windows = new Map<string, number>();
  for (const member of await redis.zrange('alerts:timeline', '0', '-1')) {
    const { agent_id, started_at } = JSON.parse(member) as { agent_id: string; started_at: number };
    const window = windowOf(agent_id, started_at - startSeconds);
    windows.set(window, (windows.get(window) ?? 0) + 1);
  }
  return windows;
}

/** The hot window a sample belongs to. A late first sample moves the start of the window, not the window. */
export function windowOf(agentId: string, sequence: number): string {
  return `${agentId} window ${Math.floor((sequence - HOT_FROM) / CYCLE)}`;
}
