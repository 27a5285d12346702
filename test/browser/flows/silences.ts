import type { Page } from 'playwright-core';
import { waitFor } from '../../support/waitFor.ts';
import type { Flow } from '../flow.ts';

const REFUSED = /status of 422/;

const berlinHour = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', timeZone: 'Europe/Berlin' });

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

export const silenceFlows: Flow[] = [
  {
    name: 'a silence is made for a while, says how much of it is left, and is over when somebody ends it',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts/silences`);
      await button(page, 'New silence').click();
      await page.getByLabel('Agents').fill('web-*\ncache-*');
      await page.getByLabel('Critical').check();
      await page.getByLabel('Lasts').fill('90 min');
      await page.getByLabel('Your name').fill('Grace');
      await page.getByLabel('Comment').fill('A release');
      await button(page, 'Silence').click();
      const row = page.getByRole('row').filter({ hasText: 'Grace' });
      await row.getByRole('rowheader', { name: 'web-*, cache-*; critical' }).waitFor();
      await row.getByText('1 h left').waitFor();
      await row.getByRole('button', { name: 'End now' }).click();
      await row.getByRole('button', { name: 'End now', exact: true }).click();
      await page.getByText('The silence is over').waitFor();
      await row.waitFor({ state: 'detached' });
      await page.getByLabel('Also those that are over').check();
      await row.getByText('Over since').waitFor();
      await button(page, 'New silence').click();
      await waitFor(async () => (await page.getByLabel('Your name').inputValue()) === 'Grace');
    },
  },
  {
    name: 'a cron that is none is told at its field; a window of maintenance says when it comes next',
    async run({ visit, service }) {
      const { page } = await visit({ expectedErrors: REFUSED });
      await page.goto(`${service.url}/alerts/silences`);
      await button(page, 'New window').click();
      await page.getByLabel('Name', { exact: true }).fill('Nightly build');
      await page.getByLabel('Time zone').fill('Europe/Berlin');
      await page.getByLabel('Your name').fill('Grace');
      const cron = page.getByLabel('Begins at (cron)');
      await cron.fill('at night');
      await button(page, 'Save').click();
      await waitFor(async () => (await cron.getAttribute('aria-invalid')) === 'true');
      await waitFor(() => cron.evaluate((field) => field === document.activeElement));
      // Half a day from now: a window that has begun says when it ends instead.
      const hour = (Number(berlinHour.format(Date.now())) + 12) % 24;
      await cron.fill(`30 ${hour} * * *`);
      await button(page, 'Save').click();
      const row = page.getByRole('row').filter({ hasText: 'Nightly build' });
      await row.getByText(`${String(hour).padStart(2, '0')}:30:00`).waitFor();
      await row.getByRole('button', { name: 'Edit' }).click();
      await page.getByLabel('Lasts').fill('45 min');
      await button(page, 'Save').click();
      await row.getByText('for 45 min').waitFor();
      await row.getByRole('button', { name: 'Delete' }).click();
      await row.getByRole('button', { name: 'Delete', exact: true }).click();
      await row.waitFor({ state: 'detached' });
    },
  },
];
