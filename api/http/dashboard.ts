import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import Router from '@koa/router';
import send from 'koa-send';
import { ASSETS_PATH, PAGES } from '../../core/contracts/pages.ts';
import { HttpError } from './errors.ts';
import type { RouteContext, State } from './context.ts';

/** The files' names carry a hash of what is in them: what is under a name never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * The dashboard as Vite built it: its one HTML file for each of its pages, and the files that this one names. What is
 * there compressed is sent as it is.
 *
 * @param directory `dist/dashboard`
 */
export function dashboardRouter(directory: string): Router<State> {
  const router = new Router<State>();

  async function sendFile(ctx: RouteContext, path: string, caching: string): Promise<void> {
    ctx.vary('Accept-Encoding');
    ctx.set('Cache-Control', caching);
    await send(ctx, path, { root: directory });
  }
  router.get(Object.values(PAGES), async (ctx) => {
    if (!(await isFile(join(directory, 'index.html')))) throw notBuilt();
    await sendFile(ctx, 'index.html', 'no-cache');
  });
  router.get(`${ASSETS_PATH}/:file`, async (ctx) => {
    // Asked first, because nobody is to keep it that there is none.
    if (!(await isFile(join(directory, ctx.path)))) throw new HttpError(404, 'Not Found');
    await sendFile(ctx, ctx.path, FOR_EVER);
  });
  return router;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

function notBuilt(): HttpError {
  return new HttpError(
    503,
    'The dashboard has not been built: run `npm run setup` where Topline is installed. The API works without it; see /docs.',
  );
}
