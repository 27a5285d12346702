import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { snapshotSchema } from '../../../core/contracts/snapshot.ts';
import { packMeasurements } from '../../../core/snapshot/codec.ts';
import { toQueuedRow, toSnapshotRow } from '../../../core/snapshot/row.ts';
import { onStand, type FaultCase } from '../case.ts';
import { readLedger } from '../ledger.ts';
import type { Load } from '../load.ts';
import type { Stand } from '../stand.ts';

/** How much slower a request may be while PostgreSQL is away: 25 %, or a few ms where that is less than noise. */
const SLOWER_SHARE = 1.25;
const NOISE_MS = 40;

/** Ingest takes everything, and as fast as before, whatever PostgreSQL does. */
export async function judgeMeanwhile(load: Load, phase: string): Promise<string[]> {
  const { timings } = await readLedger([load.ledgerFile]);
  const [before, meanwhile] = [timings.get('before'), timings.get(phase)];
  const problems: string[] = [];
  const others = Object.keys({ ...meanwhile?.byStatus }).filter((status) => status !== '200');
  if (others.length > 0) problems.push(`answered with ${others.join(', ')} while PostgreSQL was ${phase}`);
  if ((meanwhile?.p99 ?? 0) > Math.max((before?.p99 ?? 0) * SLOWER_SHARE, (before?.p99 ?? 0) + NOISE_MS))
    problems.push(
      `p99 went from ${before?.p99.toFixed(0)} to ${meanwhile?.p99.toFixed(0)} ms while PostgreSQL was ${phase}`,
    );
  return problems;
}

export const postgresAway: FaultCase = {
  row: '8',
  name: 'PostgreSQL away for 60 s, then stopped without a clean-up and killed',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand, { figures, problems }) => {
      const seconds = context.quick ? 10 : 60;
      const load = stand.startLoad({ perSecond: 80 });
      await load.untilAcknowledged(50);
      load.phase('before');
      await delay((seconds / 3) * 1_000);
      load.phase('away');
      await stand.postgres.stopAtOnce();
      for (let second = 0; second < seconds; second += 1) {
        context.progress(
          `PostgreSQL away for ${second} of ${seconds} s, ${load.tally.acknowledged} acknowledged`,
        );
        await delay(1_000);
      }
      await stand.postgres.restart();
      load.phase('after');
      load.setRate(0);
      const backAt = performance.now();
      await stand.untilDrained(2 * seconds * 1_000);
      figures['drained s'] = ((performance.now() - backAt) / 1_000).toFixed(1);
      load.setRate(80);
      for (const stop of [stand.postgres.stopAtOnce, stand.postgres.kill, stand.postgres.stopAtOnce]) {
        context.progress('PostgreSQL stopped at once and started again');
        await delay(1_500);
        await stop();
        await stand.postgres.restart();
      }
      await load.finish();
      problems.push(...(await judgeMeanwhile(load, 'away')));
    }),
};

export async function connectTo(stand: Stand): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: stand.dsn });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Inserts one row as the workers do, by a session of the harness: agent, UUID, epoch seconds, packed measurements. */
export const INSERT_ROW = `INSERT INTO metrics_snapshots_packed (agent_id, snapshot_id, timestamp_utc, total_cpu_percent,
  system_memory_total_mb, system_memory_used_mb, measurements, received_at)
  VALUES ($1, $2, to_timestamp($3), 1, 0, 0, $4, now())`;

export const NO_MEASUREMENTS = packMeasurements({ per_core_cpu_percent: [], top_processes: [] });

/** Two snapshots in one job, and a session that holds the second and then wants the first: somebody has to give way. */
async function deadlock(stand: Stand): Promise<string> {
  const queue = stand.queues.find(({ name }) => name === 'persist');
  const agentId = 'deadlock';
  // A day that has its partition by now.
  const timestamp = (stand.loads[0]?.startSeconds ?? 0) + 1;
  const snapshots = [timestamp, timestamp + 1].map((at) => {
    const snapshot = snapshotSchema.parse({ timestamp: at, total_cpu_percent: 1, agent_id: agentId });
    return toQueuedRow(toSnapshotRow(snapshot, { agentId, receivedAtMs: Date.now() }));
  });
  const keys = snapshots.map(({ snapshotId }, i) => [agentId, snapshotId, timestamp + i, NO_MEASUREMENTS]);
  const rival = await connectTo(stand);
  try {
    // The worker is the one that looks first, and so the one that is thrown out.
    await rival.query("SET deadlock_timeout = '30s'");
    await rival.query('BEGIN');
    await rival.query(INSERT_ROW, keys[1]);
    await queue?.add('persist', { snapshots }, { jobId: `deadlock-${Date.now()}` });
    await untilBlocked(rival);
    await rival.query(INSERT_ROW, keys[0]);
    await rival.query('ROLLBACK');
  } finally {
    await rival.end();
  }
  await stand.untilDrained();
  const reader = await connectTo(stand);
  try {
    const { rows } = await reader.query<{ count: string }>(
      'DELETE FROM metrics_snapshots_packed WHERE agent_id = $1 RETURNING snapshot_id',
      [agentId],
    );
    return rows.length === 2 ? '' : `after a deadlock ${rows.length} rows of 2 are there`;
  } finally {
    await reader.end();
  }
}

async function untilBlocked(client: pg.Client): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'topline workers' AND wait_event_type = 'Lock'`,
    );
    if (rowCount !== null && rowCount > 0) return;
    await delay(50);
  }
  throw new Error('the worker never waited for the row that the harness holds');
}

/** The server of the harness takes 60; some are kept for the superuser, which the harness is. */
const MANY_CONNECTIONS = 70;

export const postgresBusy: FaultCase = {
  row: '9',
  name: 'deadlocks, sessions ended, the table locked, and no connection left',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand, { problems, figures }) => {
      const load = stand.startLoad({ perSecond: 80 });
      await load.untilAcknowledged(50);
      let deadlocks = 0;
      load.setRate(0);
      await stand.untilDrained();
      for (; deadlocks < (context.quick ? 1 : 4); deadlocks += 1) {
        context.progress(`deadlock ${deadlocks + 1}`);
        const problem = await deadlock(stand);
        if (problem !== '') problems.push(problem);
      }
      const admin = await connectTo(stand);
      const { rows } = await admin.query<{ deadlocks: string }>(
        'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
      );
      figures['deadlocks'] = rows[0]?.deadlocks ?? '?';
      if (Number(rows[0]?.deadlocks) < 1) problems.push('PostgreSQL counted no deadlock');
      load.setRate(80);
      for (let round = 0; round < (context.quick ? 3 : 10); round += 1) {
        context.progress(`sessions ended, round ${round + 1}`);
        await admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'topline workers'`,
        );
        await delay(400);
      }
      context.progress('the table is locked');
      await admin.query('BEGIN');
      await admin.query('LOCK TABLE metrics_snapshots_packed IN ACCESS EXCLUSIVE MODE');
      await delay(context.quick ? 2_000 : 18_000);
      await admin.query('ROLLBACK');
      context.progress('no connection left');
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'topline workers'`,
      );
      const taken = await Promise.allSettled(
        Array.from({ length: MANY_CONNECTIONS }, () => connectTo(stand)),
      );
      await delay(context.quick ? 2_000 : 6_000);
      for (const one of taken) if (one.status === 'fulfilled') await one.value.end();
      await admin.end();
      await load.untilAcknowledged(load.tally.acknowledged + 50);
    }),
};

/** Refuses one figure, with a state that says that the data are at fault. */
const POISON_TRIGGER = `
CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.system_memory_used_mb::bigint % 97 = 13 THEN
    RAISE EXCEPTION 'poison' USING ERRCODE = '22023';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse_poison BEFORE INSERT ON metrics_snapshots_packed FOR EACH ROW EXECUTE FUNCTION refuse_poison()`;

export const poison: FaultCase = {
  row: '10',
  name: 'snapshots that PostgreSQL refuses, inside batches: their mates are stored, they stand alone and can be redriven',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand, { problems, figures }) => {
      const admin = await connectTo(stand);
      try {
        await admin.query(POISON_TRIGGER);
        const load = stand.startLoad();
        await load.untilAcknowledged(context.quick ? 300 : 1_500);
        await load.finish();
        await stand.untilDrained();
        const { entries } = await readLedger([load.ledgerFile]);
        const poisoned = [...entries.values()].filter(({ agentId, sequence }) => {
          const index = Number(agentId.split('-')[1]);
          return (index * 10_000_000 + sequence) % 97 === 13;
        });
        const queue = stand.queues.find(({ name }) => name === 'persist');
        const failed = (await queue?.getFailed(0, -1)) ?? [];
        figures['poisoned'] = poisoned.length;
        if (poisoned.length === 0) problems.push('there was no poison');
        if (failed.length !== poisoned.length)
          problems.push(`${failed.length} jobs failed for ${poisoned.length} poisoned snapshots`);
        const crowded = failed.filter(
          ({ data }) => (data as { snapshots: unknown[] }).snapshots.length !== 1,
        );
        if (crowded.length > 0)
          problems.push(`${crowded.length} failed jobs hold more than the poisoned snapshot`);
        const mute = failed.filter(({ failedReason }) => !failedReason.includes('poison'));
        if (mute.length > 0) problems.push(`${mute.length} failed jobs do not say why`);
        // What made them poison is put right: redriven, they are stored like the others.
        await admin.query('DROP TRIGGER refuse_poison ON metrics_snapshots_packed');
        for (const job of failed) await job.retry();
      } finally {
        await admin.end();
      }
    }),
};
