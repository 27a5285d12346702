/**
 * Control: what one would write first. The same checks, rate limit, queues and answer, but every request adds a job of
 * its own to each stage's queue; the service's own workers then write one snapshot a job. It has no figures, no request
 * log and no live sockets, so where the two differ beside the batches, this one does less.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import {
  STAGES,
  type AlertsBatch,
  type PersistBatch,
  type TimelineBatch,
} from '../../core/contracts/queues.ts';
import { agentIdSchema, snapshotSchema } from '../../core/contracts/snapshot.ts';
import { runProcess } from '../../core/platform/process.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { openRedis } from '../../core/platform/redis.ts';
import { toQueuedRow, toSnapshotRow } from '../../core/snapshot/row.ts';
import { createRateLimitStore } from '../../core/stores/redis/rateLimit.ts';
import { listenOn, readBody } from './http.ts';

const WINDOW_MS = 60_000;

await runProcess('naive', async ({ config, log, lifecycle }) => {
  const open = (name: string) => {
    const connection = openRedis(config.redis, 'request', `naive:${name}`, log);
    lifecycle.defer(name, connection.close);
    return connection.handle;
  };
  const queueRedis = open('queues');
  const [timeline, persist, alerts] = STAGES.map((stage) => openQueue(stage, queueRedis));
  const redis = open('requests');
  const rateLimits = createRateLimitStore(redis);
  const limit = config.agents.ratePerMinute;
  for (const one of [queueRedis, redis]) if (one.status !== 'ready') await once(one, 'ready');
  const router = new Router();
  router.post('/ingest/metrics', async (ctx) => {
    const agentId = agentIdSchema.parse(ctx.get('X-Agent-Id'));
    const parsed = snapshotSchema.safeParse(JSON.parse(await readBody(ctx.req)));
    if (!parsed.success) return ctx.throw(422);
    const taken = await rateLimits.take(`agent:${agentId}`, limit, WINDOW_MS);
    if (!taken.allowed) ctx.throw(429);
    const { timestamp, total_cpu_percent: cpuPercent } = parsed.data;
    const snapshots = [toQueuedRow(toSnapshotRow(parsed.data, { agentId, receivedAtMs: Date.now() }))];
    await Promise.all([
      timeline?.add('timeline', { snapshots } satisfies TimelineBatch),
      persist?.add('persist', { snapshots } satisfies PersistBatch),
      alerts?.add('alerts', { samples: [{ agentId, timestamp, cpuPercent }] } satisfies AlertsBatch),
    ]);
    ctx.set('RateLimit', `"agent";r=${taken.remaining};t=${Math.ceil(taken.resetMs / 1000)}`);
    ctx.body = { status: 'accepted', timestamp };
  });
  const app = new Koa();
  app.use(router.routes());
  const answer = app.callback();
  return listenOn(
    createServer((request, response) => void answer(request, response)),
    config.http.port,
    lifecycle,
  );
});
