import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import type { Flow } from '../flow.ts';

const tile = (page: Page, name: string) =>
  page.getByRole('list', { name: 'At a glance' }).getByRole('listitem').filter({ hasText: name });

const finding = (page: Page, title: RegExp) => page.getByRole('heading', { name: title });

export const operationsFlows: Flow[] = [
  {
    name: 'stores, queues, what arrives and every API node are there, and say so when all is well',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/operations`);
      await tile(page, 'Redis').getByText('Connected').waitFor();
      await tile(page, 'PostgreSQL').getByText('Connected').waitFor();
      await page.getByText('Everything works').waitFor();
      for (const queue of ['timeline', 'persist', 'alerts', 'prune', 'rollup'])
        await page.getByRole('rowheader', { name: new RegExp(`^${queue}`) }).waitFor();
      await page
        .getByRole('region', { name: 'API nodes' })
        .getByRole('row')
        .nth(service.urls.length)
        .waitFor({ timeout: 20_000 });
      // Of the hosts that report to the other node.
      await tile(page, 'Snapshots')
        .getByText(/^([1-9]|0\.[1-9])/)
        .waitFor({ timeout: 20_000 });
      // Not followed: the board is somebody else's page, and asks for a font elsewhere, which its policy forbids it.
      const board = page.getByRole('link', { name: 'Queue board' });
      assert.equal(await board.getAttribute('href'), '/board');
    },
  },
  {
    name: 'a store that is away is told in words, and no longer once it is back',
    async run({ visit, service: { url, stand } }) {
      const { page } = await visit();
      await page.goto(`${url}/operations`);
      await tile(page, 'PostgreSQL').getByText('Connected').waitFor();
      stand.postgresProxy.drop();
      try {
        await finding(page, /PostgreSQL does not answer/).waitFor({ timeout: 15_000 });
        await tile(page, 'PostgreSQL').getByText('Not reached').waitFor();
      } finally {
        stand.postgresProxy.restore();
      }
      await finding(page, /PostgreSQL does not answer/).waitFor({ state: 'detached', timeout: 30_000 });
    },
  },
  {
    name: 'failed jobs are told with the command that tries them again',
    async run({ visit, service: { url, stand } }) {
      const queue = stand.queues.find(({ name }) => name === 'alerts');
      assert.ok(queue);
      const job = await queue.add('broken', {}, { attempts: 1 });
      try {
        const { page } = await visit();
        await page.goto(`${url}/operations`);
        await finding(page, /1 job of the queue alerts failed/).waitFor();
        await page.getByText('npm run queues -- redrive alerts').waitFor();
      } finally {
        await job.remove();
      }
    },
  },
];
