import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { waitFor } from '../../support/waitFor.ts';
import type { Flow } from '../flow.ts';
import { TRIED } from './alertingWorld.ts';

/** Chromium writes every refusal to the console by itself. */
const REFUSED = /status of 4(12|22)/;

const rowOf = (page: Page, id: string) => page.getByRole('row').filter({ hasText: id });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Fills in a rule for hosts of that name. */
async function fillRule(page: Page, id: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill('CPU is hot');
  await page.getByLabel('Id', { exact: true }).fill(id);
  await page.getByLabel('At or above').fill('90');
  await page.getByLabel('Lasts for').fill('10 s');
}

export const ruleFlows: Flow[] = [
  {
    name: 'what is wrong with a rule is told at its field, which has the focus; once right it is in the list',
    async run({ visit, service }) {
      const { page } = await visit({ expectedErrors: REFUSED });
      await page.goto(`${service.url}/alerts/rules`);
      await button(page, 'New rule').click();
      await fillRule(page, 'made-here');
      const threshold = page.getByLabel('At or above');
      await threshold.fill('a lot');
      await button(page, 'Save').click();
      await waitFor(async () => (await threshold.getAttribute('aria-invalid')) === 'true');
      await threshold.fill('900');
      await button(page, 'Save').click();
      const form = page.getByRole('form', { name: 'New rule' });
      await form.getByText('condition.at_or_above').waitFor();
      await waitFor(() => threshold.evaluate((field) => field === document.activeElement));
      await threshold.fill('90');
      await button(page, 'Save').click();
      await rowOf(page, 'made-here').getByText('CPU at or above 90 % for 10 s').waitFor();
      await page.getByRole('status').getByText('The rule made-here is saved').waitFor();
    },
  },
  {
    name: 'a dry run says when a rule would have fired, in a chart and in a list that leads there',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts/rules?new=rule`);
      await fillRule(page, 'tried-only');
      await page.getByLabel('Host', { exact: true }).fill(TRIED);
      await page.getByLabel('Range').selectOption('3600');
      await button(page, 'Try').click();
      await page.getByText('It would have fired 3 times').waitFor();
      await page
        .getByRole('img', { name: `CPU of ${TRIED}` })
        .locator('canvas')
        .waitFor();
      const windows = page
        .getByRole('table', { name: `When it would have fired on ${TRIED}` })
        .getByRole('row');
      await windows.filter({ hasText: '%' }).nth(2).waitFor();
      const link = await windows.nth(1).getByRole('link').getAttribute('href');
      assert.match(link ?? '', new RegExp(`^/hosts/${TRIED}\\?at=`));
      await page.getByLabel('Lasts for').fill('10 min');
      await button(page, 'Try').click();
      await page.getByText('It would not have fired').waitFor();
      const rules = await (await fetch(`${service.url}/api/alert-rules`)).text();
      assert.ok(!rules.includes('tried-only'));
    },
  },
  {
    name: 'what somebody else changed meanwhile is not overwritten: their version is offered, and changed then',
    async run({ visit, service }) {
      const { page } = await visit({ expectedErrors: REFUSED });
      const { page: other } = await visit();
      const url = `${service.url}/alerts/rules?rule=web-hot`;
      for (const one of [page, other]) {
        await one.goto(url);
        await one.getByRole('heading', { name: 'Rule web-hot' }).waitFor();
      }
      await other.getByLabel('At or above').fill('85');
      await button(other, 'Save').click();
      await rowOf(other, 'web-hot').getByText('at or above 85 %').waitFor();
      await page.getByLabel('Lasts for').fill('20 s');
      await button(page, 'Save').click();
      await button(page, 'Load what it is now').click();
      await waitFor(async () => (await page.getByLabel('At or above').inputValue()) === '85');
      await page.getByLabel('At or above').fill('90');
      await button(page, 'Save').click();
      await rowOf(page, 'web-hot').getByText('at or above 90 % for 10 s').waitFor();
    },
  },
  {
    name: 'a rule is switched off and on in the list, and deleted only by who says so twice',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts/rules?new=rule`);
      await fillRule(page, 'short-lived');
      await button(page, 'Save').click();
      const row = rowOf(page, 'short-lived');
      await row.getByRole('button', { name: 'Switch off' }).click();
      await row.getByText('Switched off').waitFor();
      await row.getByRole('button', { name: 'Switch on' }).click();
      await row.getByText('Switched off').waitFor({ state: 'detached' });
      await row.getByRole('button', { name: 'Delete' }).click();
      await row.getByRole('group', { name: 'Delete short-lived?' }).waitFor();
      await page.keyboard.press('Escape');
      await row.getByRole('group').waitFor({ state: 'detached' });
      await row.getByRole('button', { name: 'Delete' }).click();
      await row.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByText('The rule short-lived is deleted').waitFor();
      await waitFor(async () => (await page.getByRole('rowheader', { name: 'short-lived' }).count()) === 0);
    },
  },
  {
    name: 'the built-in rule is in the list, and says where it is changed',
    async run({ visit, service }) {
      const { page } = await visit();
      await page.goto(`${service.url}/alerts/rules`);
      const row = rowOf(page, 'cpu_threshold_duration');
      await row.getByText('ALERT_CPU_THRESHOLD').waitFor();
      assert.equal(await row.getByRole('button').count(), 0);
    },
  },
];
