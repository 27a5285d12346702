import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { KoaAdapter } from '@bull-board/koa';
import type { Queue } from '../../core/platform/queue.ts';
import type { ApiMiddleware } from '../http/context.ts';

/** Fonts from elsewhere: the content security policy blocks them, and a machine without the internet has none. */
const FOREIGN_LINKS = /<link [^>]*href="https?:[^>]*>/g;

/** The pages of the queue board below a path: for all queues, and with or without what changes them. */
export function createBoardPages(queues: Queue[], path: string, readOnlyMode: boolean): ApiMiddleware {
  const serverAdapter = new KoaAdapter();
  serverAdapter.setBasePath(path);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode })),
    serverAdapter,
    options: { uiConfig: { boardTitle: readOnlyMode ? 'Topline queues (read only)' : 'Topline queues' } },
  });
  const pages = serverAdapter.registerPlugin() as ApiMiddleware;
  return async function boardPages(ctx, next) {
    await pages(ctx, next);
    if (typeof ctx.body === 'string' && ctx.response.is('html'))
      ctx.body = ctx.body.replaceAll(FOREIGN_LINKS, '');
  };
}
