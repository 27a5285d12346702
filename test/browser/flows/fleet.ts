import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import type { Flow } from '../flow.ts';
import { report } from '../hosts.ts';
import { waitFor } from '../../support/waitFor.ts';
import { BURSTY, HOSTILE, HOSTILE_NAME, HOT, SIBLING, SILENT } from './world.ts';

export const hostRow = (page: Page, host: string) =>
  page.getByRole('table', { name: 'Hosts' }).getByRole('row').filter({ hasText: host });

const hostNames = (page: Page) => page.locator('.host-link').allInnerTexts();

/** Figures of a column, top to bottom: rows are laid out by their places, not by their order in the document. */
async function figures(page: Page, cell: string): Promise<number[]> {
  const rows = await page.locator('.fleet-row').evaluateAll(
    (elements, selector) =>
      elements.map((row) => ({
        place: Number(row.getAttribute('aria-rowindex')),
        figure: Number(row.querySelector(selector)?.textContent),
      })),
    `${cell} .figure`,
  );
  // Whoever said nothing for long has none, and is last.
  return rows
    .toSorted((a, b) => a.place - b.place)
    .flatMap(({ figure }) => (Number.isNaN(figure) ? [] : figure));
}

const isDescending = (values: number[]) =>
  values.every((value, i) => i === 0 || value <= (values[i - 1] ?? 0));

/** Most keys to get anywhere: a page that needs more is not to be used with the keyboard. */
const MOST_TABS = 60;

async function tabTo(page: Page, name: string): Promise<void> {
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => document.activeElement?.textContent?.trim());
    if (focused === name) return;
  }
  throw new Error(`${MOST_TABS} times Tab does not lead to ${name}`);
}

export const fleetFlows: Flow[] = [
  {
    name: 'the list has every host with its state, and follows what they report',
    async run({ visit, service: { url, urls } }) {
      const { page } = await visit();
      await page.goto(`${url}/hosts`);
      await hostRow(page, BURSTY).getByRole('img', { name: 'Online' }).waitFor();
      await hostRow(page, SILENT).getByRole('img', { name: 'Offline' }).waitFor();
      await hostRow(page, HOT).getByText('97.5').waitFor();
      const host = { id: 'step-01', shift: 0 };
      // A host that nobody knew, from the other node, and then its next report.
      for (const total_cpu_percent of [41.3, 63.9]) {
        await report(urls.at(-1) ?? url, host, { total_cpu_percent });
        await hostRow(page, host.id).getByText(String(total_cpu_percent)).waitFor();
      }
    },
  },
  {
    name: 'the list is sorted by what is clicked, searched and filtered, and the URL holds all of it',
    async run({ visit, service: { url } }) {
      const { page, context } = await visit();
      await page.goto(`${url}/hosts`);
      await hostRow(page, BURSTY).waitFor();
      const column = page.getByRole('columnheader', { name: /^CPU/ });
      await column.getByRole('button').click();
      await waitFor(async () => (await column.getAttribute('aria-sort')) === 'descending');
      // Under the pointer nothing changes places.
      await page.mouse.move(5, 5);
      await waitFor(async () => isDescending(await figures(page, '.cell-cpu')), { describe: 'the order' });
      await page.getByLabel('Filter by a label').selectOption('env=prod');
      await waitFor(async () => (await hostNames(page)).length === 3, { describe: 'three hosts in prod' });
      await page.getByLabel('Search hosts').fill('WEB');
      await waitFor(async () => (await hostNames(page)).toSorted().join() === `${BURSTY},web-02`);
      const other = await context.newPage();
      await other.goto(page.url());
      await hostRow(other, BURSTY).waitFor();
      assert.equal((await hostNames(other)).length, 2);
      await page.goto(`${url}/hosts`);
      await page.getByRole('button', { name: /offline/ }).click();
      await hostRow(page, SILENT).waitFor();
      await waitFor(async () => !(await hostNames(page)).includes(SIBLING));
    },
  },
  {
    name: 'the name of a process is text, whatever it says',
    async run({ visit, service: { url } }) {
      const { page } = await visit();
      await page.goto(`${url}/hosts`);
      await hostRow(page, HOSTILE).getByText(HOSTILE_NAME).waitFor();
      await page.getByRole('link', { name: HOSTILE }).click();
      const process = page.getByRole('button', { name: HOSTILE_NAME }).first();
      await process.click();
      await page.getByRole('heading', { name: HOSTILE_NAME }).waitFor();
      assert.equal(await page.locator('img').count(), 0);
      assert.equal(await page.title(), `${HOSTILE} · Topline`);
    },
  },
  {
    name: 'with the keyboard alone one gets from the list to a host, and to what ran there',
    async run({ visit, service: { url } }) {
      const { page } = await visit();
      await page.goto(`${url}/hosts`);
      await hostRow(page, BURSTY).waitFor();
      await tabTo(page, 'Skip to the content');
      await page.keyboard.press('Enter');
      await tabTo(page, BURSTY);
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/hosts/${BURSTY}`);
      const chart = page.getByRole('slider', { name: 'Moment in CPU' });
      await chart.focus();
      await waitFor(async () => {
        await page.keyboard.press('ArrowLeft');
        return (await chart.getAttribute('data-moment')) !== null;
      });
      await page.keyboard.press('Enter');
      await page.waitForURL(/at=/);
      await page.getByText('held on to').waitFor();
      await page.keyboard.press('Escape');
      await waitFor(() => !page.url().includes('at='));
    },
  },
];
