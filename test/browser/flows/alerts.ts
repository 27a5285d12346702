import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { nowSeconds } from '../../../core/time.ts';
import type { Flow } from '../flow.ts';
import { handInHistory, report, type Host } from '../hosts.ts';
import { waitFor } from '../../support/waitFor.ts';
import { BURSTY, HOT } from './world.ts';

/** Longer than an alert takes to fire. */
const HOT_SECONDS = 12;

/** Makes a host fire now: hot for the last seconds, which are handed in at once, and in this one. */
export async function fire(url: string, id: string): Promise<Host> {
  const host: Host = { id, shift: 100, always: { total_cpu_percent: 98.5 } };
  await handInHistory(url, host, nowSeconds() - HOT_SECONDS, nowSeconds() - 1);
  await report(url, host);
  return host;
}

export const firingOf = (page: Page, host: string) =>
  page.getByRole('region', { name: 'Firing now' }).getByRole('listitem').filter({ hasText: host });

export const pastOf = (page: Page, host: string) =>
  page.getByRole('region', { name: 'Earlier' }).getByRole('row').filter({ hasText: host });

export const alertFlows: Flow[] = [
  {
    name: 'what fires is told as it begins and as it ends, and leads to what ran then',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts`);
      await firingOf(page, HOT).waitFor();
      const host = await fire(service.url, 'burst-01');
      await firingOf(page, host.id).getByText('98.5').waitFor();
      await report(service.url, host, { total_cpu_percent: 3, timestamp: nowSeconds() + 1 });
      await firingOf(page, host.id).waitFor({ state: 'detached' });
      await pastOf(page, host.id).getByRole('link').click();
      await page.waitForURL(/\/hosts\/burst-01\?at=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      await page.getByRole('heading', { name: host.id }).waitFor();
    },
  },
  {
    name: 'a host that falls silent goes on firing, and it is said that nothing is heard of it',
    async run({ visit, service }) {
      const host: Host = { id: 'gone-01', shift: 100, always: { total_cpu_percent: 98.5 } };
      await handInHistory(service.url, host, nowSeconds() - 60, nowSeconds() - 40);
      // Once the list of hosts has it: the page asks there what was heard last.
      await waitFor(async () => (await fetch(`${service.url}/api/agents/${host.id}`)).ok);
      const { page } = await visit();
      await page.goto(`${service.url}/alerts`);
      await firingOf(page, host.id)
        .getByText(/No data since/)
        .waitFor();
    },
  },
  {
    name: 'what fired earlier stands with its time in the viewer’s zone, and in UTC for who points at it',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts`);
      const time = pastOf(page, BURSTY).first().getByRole('time');
      const iso = (await time.getAttribute('datetime')) ?? '';
      const title = (await time.getAttribute('title')) ?? '';
      assert.equal(title, `${iso.replace('T', ' ').replace('Z', '')} UTC`);
      const shown = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Europe/Berlin' });
      assert.ok((await time.innerText()).endsWith(shown.format(new Date(iso))));
    },
  },
  {
    name: 'the range that is looked at stands in the URL, and a page opened with it shows the same',
    async run({ visit, service }) {
      const { page, context } = await visit();
      await page.goto(`${service.url}/alerts`);
      await page.getByRole('button', { name: '1h' }).click();
      await page.waitForURL(/range=1h/);
      const other = await context.newPage();
      await other.goto(page.url());
      const chosen = other.getByRole('button', { name: '1h' });
      await waitFor(async () => (await chosen.getAttribute('aria-pressed')) === 'true');
      await page.goBack();
      await waitFor(() => !page.url().includes('range'));
    },
  },
];
