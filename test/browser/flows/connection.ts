import { strict as assert } from 'node:assert';
import type { Flow } from '../flow.ts';
import type { Host } from '../hosts.ts';
import { fire, firingOf } from './alerts.ts';

/** What Chromium itself writes to the console while there is nobody to connect to. */
const AWAY = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/;

/** A lost connection must be said at once: no later than this. */
const SAID_WITHIN_MS = 2_000;

export const connectionFlows: Flow[] = [
  {
    name: 'a server that goes away is told at once; when it is back, so is the page, with what happened meanwhile',
    async run({ visit, service: { urls, stand }, figure }) {
      const [url = '', other = ''] = urls;
      const [node] = stand.apis;
      assert.ok(node);
      const { page } = await visit({ expectedErrors: AWAY });
      await page.goto(`${url}/alerts`);
      await page.getByText('Live', { exact: true }).waitFor();
      await firingOf(page, 'hot-01').waitFor();
      const stopped = performance.now();
      const ended = node.terminate();
      let toldMs: number;
      let missed: Host;
      try {
        await page.getByText('Connection lost.').waitFor();
        toldMs = performance.now() - stopped;
        await page.getByText('Not live', { exact: true }).waitFor();
        await ended;
        // Nobody tells this page: it has to ask for what it missed.
        missed = await fire(other, 'missed-01');
      } finally {
        await ended;
        node.start();
        await node.untilReady();
      }
      figure('told after', toldMs, 'ms');
      assert.ok(
        toldMs < SAID_WITHIN_MS,
        `it took ${toldMs.toFixed(0)} ms to say that the connection is lost`,
      );
      const back = performance.now();
      await page.getByText('Live', { exact: true }).waitFor();
      await page.getByText('Connection lost.').waitFor({ state: 'detached' });
      await page.getByRole('link', { name: missed.id }).first().waitFor();
      figure('live again after', performance.now() - back, 'ms');
    },
  },
  {
    name: 'what one API node takes is on a page of the other one',
    async run({ visit, service: { urls } }) {
      const [url = '', other = ''] = urls;
      const { page } = await visit();
      await page.goto(`${url}/alerts`);
      await page.getByText('Live', { exact: true }).waitFor();
      const host = await fire(other, 'elsewhere-01');
      await firingOf(page, host.id).waitFor();
    },
  },
];
