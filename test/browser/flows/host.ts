import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { z } from 'zod';
import type { Flow } from '../flow.ts';
import { waitFor } from '../../support/waitFor.ts';
import { BURSTY, SIBLING, untilFound } from './world.ts';

const momentSchema = z.object({
  snapshot: z.object({
    top_processes: z.array(z.object({ name: z.string(), pid: z.number(), cpu_percent: z.number() })),
  }),
});

const plot = (page: Page) => page.getByRole('slider', { name: 'Moment in CPU' }).locator('.u-over');

const momentPanel = (page: Page) => page.getByRole('region', { name: /^Processes at/ });

/** Epoch ISO time of the moment that the table speaks of. */
const shownMoment = async (page: Page) =>
  (await momentPanel(page).getByRole('time').first().getAttribute('datetime')) ?? '';

const shownProcesses = (page: Page) => momentPanel(page).locator('tbody .process-name').allInnerTexts();

/** What the API says ran then, busiest first, as the table has it. */
async function processesAt(url: string, iso: string): Promise<string[]> {
  const answer = await fetch(`${url}/api/metrics/at?agent=${BURSTY}&time=${iso}`);
  const { snapshot } = momentSchema.parse(await answer.json());
  return snapshot.top_processes
    .toSorted((a, b) => b.cpu_percent - a.cpu_percent || a.pid - b.pid)
    .map(({ name }) => name);
}

/** Points at a place of the chart, by its share of the width. */
async function pointAt(page: Page, share: number): Promise<{ x: number; y: number }> {
  const box = await plot(page).boundingBox();
  assert.ok(box);
  const place = { x: box.x + box.width * share, y: box.y + box.height / 2 };
  await page.mouse.move(place.x, place.y);
  return place;
}

async function openHour(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/hosts/${BURSTY}?range=1h`);
  await plot(page).waitFor();
  await page.getByRole('heading', { name: BURSTY }).waitFor();
}

export const hostFlows: Flow[] = [
  {
    name: 'the processes follow the cursor: they are those of the instant it points at',
    async run({ visit, service: { url } }) {
      const { page } = await visit();
      await openHour(page, url);
      const moments = new Set<string>();
      for (const share of [0.2, 0.5, 0.8]) {
        await pointAt(page, share);
        await momentPanel(page).getByText('under the cursor').waitFor();
        const moment = await shownMoment(page);
        const expected = (await processesAt(url, moment)).slice(0, 3).join();
        await waitFor(async () => (await shownProcesses(page)).slice(0, 3).join() === expected, {
          describe: `${expected} in the table at ${moment}`,
        });
        moments.add(moment);
      }
      assert.equal(moments.size, 3);
      await page.mouse.move(5, 5);
      await momentPanel(page).getByText('now', { exact: true }).waitFor();
    },
  },
  {
    name: 'a click holds on to the moment, and its URL shows a colleague the same',
    async run({ visit, service: { url } }) {
      const { page } = await visit();
      await openHour(page, url);
      const { x, y } = await pointAt(page, 0.4);
      await page.mouse.click(x, y);
      await page.waitForURL(/at=/);
      await page.mouse.move(5, 5);
      await momentPanel(page).getByText('held on to').waitFor();
      const moment = await shownMoment(page);
      const colleague = (await visit({ colorScheme: 'dark' })).page;
      await colleague.goto(page.url());
      await momentPanel(colleague).getByText('held on to').waitFor();
      assert.equal(await shownMoment(colleague), moment);
      const expected = (await processesAt(url, moment)).slice(0, 3).join();
      for (const one of [page, colleague])
        await waitFor(async () => (await shownProcesses(one)).slice(0, 3).join() === expected, {
          describe: `${expected} in the table`,
        });
      await page.keyboard.press('Escape');
      await waitFor(() => !page.url().includes('at='));
    },
  },
  {
    name: 'dragging over the chart shows that stretch, and back leads back',
    async run({ visit, service: { url } }) {
      const { page } = await visit();
      await openHour(page, url);
      await pointAt(page, 0.3);
      await page.mouse.down();
      const { x, y } = await pointAt(page, 0.6);
      await page.mouse.move(x + 1, y);
      await page.mouse.up();
      await page.waitForURL(/from=.*to=/);
      const query = new URL(page.url()).searchParams;
      const seconds = (Date.parse(query.get('to') ?? '') - Date.parse(query.get('from') ?? '')) / 1000;
      assert.ok(Math.abs(seconds - 0.3 * 3600) < 120, `${seconds} s instead of a third of an hour`);
      await page.goBack();
      await page.waitForURL(/range=1h/);
    },
  },
  {
    name: 'a click on a process shows its own series, and on which other hosts it ran',
    async run({ visit, service: { url } }) {
      await untilFound(url, 'postgres', SIBLING);
      const { page } = await visit();
      await openHour(page, url);
      await page
        .getByRole('region', { name: 'In the whole range' })
        .getByRole('button', { name: 'postgres' })
        .click();
      await page.waitForURL(/process=postgres/);
      await page.getByRole('figure', { name: 'CPU of postgres' }).waitFor();
      await page.getByRole('link', { name: SIBLING }).click();
      await page.waitForURL(new RegExp(`/hosts/${SIBLING}.*process=postgres`));
      await page.getByRole('heading', { name: SIBLING }).waitFor();
    },
  },
  {
    name: 'the alerts of the range are listed, and lead to the moment each fired',
    async run({ visit, service: { url } }) {
      const { page } = await visit();
      await openHour(page, url);
      const alerts = page.getByRole('region', { name: 'Alerts in the range' });
      await alerts.getByRole('listitem').first().getByRole('button').first().click();
      await page.waitForURL(/at=/);
      await momentPanel(page).getByText('held on to').waitFor();
    },
  },
  {
    name: 'a page left open goes on with what the host reports',
    async run({ visit, service: { url } }) {
      const { page } = await visit();
      await page.goto(`${url}/hosts/${BURSTY}`);
      await momentPanel(page).getByText('now', { exact: true }).waitFor();
      const first = await shownMoment(page);
      await waitFor(async () => (await shownMoment(page)) > first, {
        timeoutMs: 15_000,
        describe: 'a later moment',
      });
    },
  },
];
