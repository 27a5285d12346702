import type { Queue } from '../../core/platform/queue.ts';
import { HttpError } from '../http/errors.ts';
import type { Access } from '../http/auth.ts';
import type { ApiMiddleware } from '../http/context.ts';
import { requireOperator, requireReader } from '../http/authGuards.ts';

export const BOARD_PATH = '/board';

/** One that shows, and one that acts. */
interface Boards {
  showing: ApiMiddleware;
  acting: ApiMiddleware;
}

/**
 * The queue board. It has no authentication of its own and can delete acknowledged snapshots, so there are two of it:
 * readers get one that shows, the operator one that acts; and whatever is not a read is refused to everybody else
 * before it gets there.
 *
 * Its packages are loaded at the first visit: most processes never see one, and all would start later and be larger.
 */
export function board(queues: Queue[], access: Access): ApiMiddleware {
  const reader = requireReader(access);
  const operator = requireOperator(access);
  let boards: Promise<Boards> | undefined;

  async function load(): Promise<Boards> {
    const { createBoardPages } = await import('./boardPages.ts');
    return {
      showing: createBoardPages(queues, BOARD_PATH, true),
      acting: createBoardPages(queues, BOARD_PATH, false),
    };
  }

  return async function queueBoard(ctx, next) {
    if (ctx.path !== BOARD_PATH && !ctx.path.startsWith(`${BOARD_PATH}/`)) return next();
    const reading = ctx.method === 'GET' || ctx.method === 'HEAD';
    await (reading ? reader : operator)(ctx, async () => {
      boards ??= load();
      const { showing, acting } = await boards;
      await (access.mayChange(ctx.state.role) ? acting : showing)(ctx, next);
      if (ctx.status === 404 && ctx.body === undefined) throw new HttpError(404, 'Not Found');
    });
  };
}
