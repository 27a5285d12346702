import type { Flow, Group } from '../flow.ts';
import { fire, firingOf } from './alerts.ts';

/** Chromium writes every refusal to the console by itself. */
const REFUSED = /status of 503/;

const HOST = 'lone-01';

const flows: Flow[] = [
  {
    name: 'what fires is listed and acknowledged, and the history says which setting it lacks',
    async run({ visit, service }) {
      await fire(service.url, HOST);
      const { page } = await visit({ expectedErrors: REFUSED });
      await page.goto(`${service.url}/alerts`);
      const item = firingOf(page, HOST);
      await item.getByRole('list', { name: 'Who it was' }).waitFor();
      await item.getByRole('button', { name: 'Acknowledge' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Your name').fill('Ada');
      await dialog.getByRole('button', { name: 'Acknowledge' }).click();
      await item.getByText('Acknowledged by Ada').waitFor();
      await page.getByRole('link', { name: 'History' }).click();
      await page.getByRole('alert').getByText('POSTGRES_DSN').waitFor();
    },
  },
  {
    name: 'an alert and its host’s page have what is known of it',
    async run({ visit, service }) {
      await fire(service.url, HOST);
      const { page } = await visit({ expectedErrors: REFUSED });
      await page.goto(`${service.url}/hosts/${HOST}`);
      const alerts = page.getByRole('region', { name: 'Alerts in the range' });
      await alerts.getByText('still on').waitFor();
      await alerts.getByRole('link').first().click();
      await page.getByRole('region', { name: 'Evidence' }).getByText('98.5 %').first().waitFor();
    },
  },
];

/** Somebody who runs Topline with Redis alone. */
export const withoutHistory: Group = { name: 'without PostgreSQL', env: { POSTGRES_DSN: '' }, flows };
