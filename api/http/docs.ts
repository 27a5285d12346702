import { createRequire } from 'node:module';
import Router from '@koa/router';
import send from 'koa-send';
import type { State } from './context.ts';

/** What the page loads, all from here: it works on a machine without the internet. */
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Topline API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <main id="docs"><noscript>The raw document is at <a href="/openapi.json">/openapi.json</a>.</noscript></main>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** The layout without the standalone preset, whose inline styles the content security policy forbids. */
const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
});
`;

/** `/openapi.json` and `/docs`, a page that shows it. */
export function docsRouter(describe: () => object): Router<State> {
  const router = new Router<State>();
  // Made when somebody asks: it takes longer than all else of a node's start. One for all answers: however many are not
  // read, they take no more memory.
  let json: Buffer | undefined;
  const directory = createRequire(import.meta.url)
    .resolve('swagger-ui-dist/package.json')
    .replace(/package\.json$/, '');

  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json';
    ctx.body = json ??= Buffer.from(JSON.stringify(describe()));
  });
  router.get('/docs', (ctx) => {
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = PAGE;
  });
  router.get('/docs/start.js', (ctx) => {
    ctx.type = 'text/javascript; charset=utf-8';
    ctx.body = START;
  });
  for (const name of ASSETS)
    router.get(`/docs/${name}`, async (ctx) => {
      ctx.set('Cache-Control', 'public, max-age=86400');
      await send(ctx, name, { root: directory, brotli: false, gzip: false });
    });
  return router;
}
