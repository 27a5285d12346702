import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { KoaAdapter } from '@bull-board/koa';
import type { Queue } from '../core/platform/queue.ts';
import { ServiceError } from '../core/errors.ts';
import type { Access } from './access.ts';
import type { ApiMiddleware } from './context.ts';
import { requireOperator, requireReader } from './middleware/access.ts';

export const BOARD_PATH = '/board';

/**
 * The queue board. It has no authentication of its own and can delete acknowledged snapshots, so there are two of it:
 * readers get one that shows, the operator one that acts; and whatever is not a read is refused to everybody else
 * before it gets there.
 */
export function board(queues: Queue[], access: Access): ApiMiddleware {
  const showing = createBoard(queues, true);
  const acting = createBoard(queues, false);
  const reader = requireReader(access);
  const operator = requireOperator(access);

  return async function queueBoard(ctx, next) {
    if (ctx.path !== BOARD_PATH && !ctx.path.startsWith(`${BOARD_PATH}/`)) return next();
    const reading = ctx.method === 'GET' || ctx.method === 'HEAD';
    const page = access.mayChange(ctx.state.role) ? acting : showing;
    await (reading ? reader : operator)(ctx, async () => {
      await page(ctx, next);
      if (ctx.status === 404 && ctx.body === undefined) throw new ServiceError(404, 'Not Found');
    });
  };
}

function createBoard(queues: Queue[], readOnlyMode: boolean): ApiMiddleware {
  const serverAdapter = new KoaAdapter();
  serverAdapter.setBasePath(BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode })),
    serverAdapter,
    options: { uiConfig: { boardTitle: readOnlyMode ? 'Topline queues (read only)' : 'Topline queues' } },
  });
  return serverAdapter.registerPlugin() as ApiMiddleware;
}
