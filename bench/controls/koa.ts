/**
 * Control: the least a service on Koa can do with a snapshot. Reads the body, checks it against the same schema, answers
 * the same, and keeps nothing. What the service needs beyond this is the price of keeping what it says it has.
 */
import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import { snapshotSchema } from '../../core/contracts/snapshot.ts';
import { runProcess } from '../../core/platform/process.ts';
import { listenOn, readBody } from './http.ts';

await runProcess('koa', async ({ config, lifecycle }) => {
  const router = new Router();
  router.post('/ingest/metrics', async (ctx) => {
    const parsed = snapshotSchema.safeParse(JSON.parse(await readBody(ctx.req)));
    if (!parsed.success) return ctx.throw(422);
    ctx.body = { status: 'accepted', timestamp: parsed.data.timestamp };
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
