import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { z } from 'zod';
import { nowSeconds } from '../../../core/time.ts';
import { findingsOfAxe, withAxe } from '../accessibility.ts';
import type { Flow } from '../flow.ts';
import { handInHistory, report, type Host } from '../hosts.ts';
import { waitFor } from '../../support/waitFor.ts';
import { BURSTY, HOT } from './world.ts';

/** Longer than an alert takes to fire. */
const HOT_SECONDS = 12;

/** Until the server notices that nothing comes of a host any more, in ms: by its usual interval, and a look each second. */
const SILENCE_MS = 40_000;

/** Makes a host fire now: hot for the last seconds, which are handed in at once, and in this one. */
export async function fire(url: string, id: string): Promise<Host> {
  const host: Host = { id, shift: 100, always: { total_cpu_percent: 98.5 } };
  await handInHistory(url, host, nowSeconds() - HOT_SECONDS, nowSeconds() - 1);
  await report(url, host);
  return host;
}

const idsSchema = z.object({ alerts: z.array(z.object({ id: z.string() })) });

/** The id of an alert that a host has had, as soon as it is listed. */
export async function alertOf(url: string, host: string): Promise<string> {
  const read = async () =>
    idsSchema.parse(await (await fetch(`${url}/api/alerts?agent=${host}&limit=1`)).json());
  await waitFor(async () => (await read()).alerts.length > 0, { describe: `an alert of ${host}` });
  return (await read()).alerts[0]?.id ?? '';
}

export const firingOf = (page: Page, host: string) =>
  page
    .getByRole('region', { name: 'Firing now' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('link', { name: host, exact: true }) });

const rowsOf = (page: Page, host: string) => page.getByRole('row').filter({ hasText: host });

export const alertFlows: Flow[] = [
  {
    name: 'what fires is told as it begins and as it ends, and its history leads to what ran then',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts`);
      await firingOf(page, HOT).waitFor();
      const host = await fire(service.url, 'burst-01');
      await firingOf(page, host.id).getByText('98.5 %').first().waitFor();
      await firingOf(page, host.id).getByRole('list', { name: 'Who it was' }).waitFor();
      await report(service.url, host, { total_cpu_percent: 3, timestamp: nowSeconds() + 1 });
      await firingOf(page, host.id).waitFor({ state: 'detached' });
      await page.getByRole('link', { name: 'History' }).click();
      await rowsOf(page, host.id).getByRole('rowheader').getByRole('link').click();
      await page.waitForURL(/\/alerts\/[^/]*burst-01/);
      await page.getByRole('region', { name: 'Evidence' }).getByText('98.5 %').first().waitFor();
      const timeline = page.getByRole('region', { name: 'Timeline' });
      await timeline.getByText('Firing', { exact: true }).waitFor();
      await timeline.getByText('Resolved', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'What ran when it fired' }).click();
      await page.waitForURL(/\/hosts\/burst-01\?at=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      await page.getByRole('heading', { name: host.id }).waitFor();
    },
  },
  {
    name: 'a host that falls silent goes on firing, and it is said that nothing is heard of it',
    async run({ visit, service }) {
      const host = await fire(service.url, 'gone-01');
      const { page } = await visit();
      await page.goto(`${service.url}/alerts`);
      await firingOf(page, host.id)
        .getByText(/No data since/)
        .waitFor({ timeout: SILENCE_MS });
    },
  },
  {
    name: 'with the keyboard alone an alert is acknowledged, which everybody sees, and taken back',
    async run({ visit, service }) {
      const host = await fire(service.url, 'seen-01');
      const { page } = await visit();
      await page.goto(`${service.url}/alerts`);
      const item = firingOf(page, host.id);
      await item.getByRole('button', { name: 'Acknowledge' }).focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: /^Acknowledge .* on seen-01$/ });
      await dialog.getByLabel('Your name').focus();
      await page.keyboard.type('Ada');
      await page.keyboard.press('Tab');
      await page.keyboard.type('On it');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await item.getByText('Acknowledged by Ada').waitFor();
      const colleague = (await visit()).page;
      await colleague.goto(`${service.url}/alerts`);
      await firingOf(colleague, host.id).getByText('On it').waitFor();
      await item.getByRole('button', { name: 'Take back' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
      await item.getByRole('button', { name: 'Acknowledge' }).waitFor();
    },
  },
  {
    name: 'an alert is silenced where it is seen, in a dialog that anybody can use; Escape changes nothing',
    async run({ visit, service }) {
      const host = await fire(service.url, 'quiet-01');
      const { page, context } = await visit();
      await withAxe(context);
      await page.goto(`${service.url}/alerts`);
      const item = firingOf(page, host.id);
      const open = item.getByRole('button', { name: 'Silence' });
      const dialog = page.getByRole('dialog', { name: /^Silence .* on quiet-01$/ });
      await open.click();
      await dialog.waitFor();
      assert.deepEqual(await findingsOfAxe(page), { grave: [], lesser: [] });
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await open.click();
      await dialog.getByLabel('4 hours').check();
      await dialog.getByLabel('every alert of quiet-01').check();
      await dialog.getByLabel('Your name').fill('Ada');
      await dialog.getByLabel('Why').fill('Disks are exchanged');
      await dialog.getByRole('button', { name: 'Silence' }).click();
      await item.getByText(/Silenced until .*Disks are exchanged/).waitFor();
    },
  },
  {
    name: 'what fired earlier stands with its time in the viewer’s zone, and in UTC for who points at it',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts/history`);
      const time = rowsOf(page, BURSTY).first().getByRole('time');
      const iso = (await time.getAttribute('datetime')) ?? '';
      const title = (await time.getAttribute('title')) ?? '';
      assert.equal(title, `${iso.replace('T', ' ').replace('Z', '')} UTC`);
      const shown = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Europe/Berlin' });
      assert.ok((await time.innerText()).endsWith(shown.format(new Date(iso))));
    },
  },
  {
    name: 'the history that is looked at stands in the URL, and a page opened with it shows the same',
    async run({ visit, service }) {
      const { page, context } = await visit();
      await page.goto(`${service.url}/alerts/history`);
      await rowsOf(page, HOT).first().waitFor();
      await page.getByRole('button', { name: '1h' }).click();
      await page.waitForURL(/range=1h/);
      await page.getByLabel('Host', { exact: true }).fill(BURSTY);
      await page.keyboard.press('Enter');
      await page.waitForURL(/agent=web-01/);
      await rowsOf(page, HOT).first().waitFor({ state: 'detached' });
      const other = await context.newPage();
      await other.goto(page.url());
      await rowsOf(other, BURSTY).first().waitFor();
      assert.equal(await rowsOf(other, HOT).count(), 0);
      assert.equal(await other.getByRole('button', { name: '1h' }).getAttribute('aria-pressed'), 'true');
      await page.goBack();
      await page.goBack();
      await waitFor(() => !page.url().includes('range'));
      await rowsOf(page, HOT).first().waitFor();
    },
  },
  {
    name: 'the timeline has a bar for each alert of the table, and a bar leads to its alert',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts/history?range=1h&agent=${BURSTY}`);
      const bars = page.locator('.timeline [data-alert]');
      await bars.first().waitFor();
      assert.equal(await bars.count(), await page.getByRole('rowheader').count());
      const id = (await bars.first().getAttribute('data-alert')) ?? '';
      await bars.first().locator('.timeline-hit').click();
      await page.waitForURL((url) => decodeURIComponent(url.pathname) === `/alerts/${id}`);
      await page.getByRole('heading', { name: `on ${BURSTY}` }).waitFor();
    },
  },
];
