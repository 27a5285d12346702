import { strict as assert } from 'node:assert';
import { gzipSync } from 'node:zlib';
import type { Page, Response } from 'playwright-core';
import type { Flow } from '../flow.ts';
import { BURSTY } from './world.ts';

/** Promised for the first page, everything it loads to be of use taken together. */
const MOST_BYTES = 150 * 1024;

const STATIC = ['document', 'script', 'stylesheet', 'image', 'font'];

const KB = 1024;

/** Alerts come and go in what was recorded, too: of so many looks one is without. */
const LOOKS = 5;

/** By how much what is shown moved within 6 s in which no row or item came or went: that is meant to move the others. */
async function shiftWithoutNews(page: Page): Promise<number> {
  const shown = () => page.locator('main').locator('tr, li').count();
  // What the page needs to come up is not what it does afterwards.
  await page.waitForLoadState('networkidle');
  for (let look = 1; ; look += 1) {
    const before = await shown();
    const shift = await shiftOf(page);
    if (shift === 0 || (await shown()) === before) return shift;
    if (look === LOOKS) throw new Error(`something came or went in each of ${LOOKS} looks`);
  }
}

function shiftOf(page: Page): Promise<number> {
  return page.evaluate(async () => {
    let sum = 0;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
    });
    observer.observe({ type: 'layout-shift' });
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    observer.disconnect();
    return sum;
  });
}

export const firstLoadFlows: Flow[] = [
  {
    name: 'the first load is small and the list is there soon; a host’s page, charts and all, stays below the same limit',
    async run({ visit, service: { url }, figure }) {
      for (const [name, path] of [
        ['fleet', '/hosts'],
        ['host', `/hosts/${BURSTY}`],
      ] as const) {
        const { page, context } = await visit();
        const session = await context.newCDPSession(page);
        await session.send('Network.enable');
        let transferred = 0;
        let ofFiles = 0;
        const kinds = new Map<string, string>();
        session.on(
          'Network.responseReceived',
          ({ requestId, type }) => void kinds.set(requestId, type.toLowerCase()),
        );
        session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
          transferred += encodedDataLength;
          if (STATIC.includes(kinds.get(requestId) ?? '')) ofFiles += encodedDataLength;
        });
        const files: Response[] = [];
        page.on('response', (response) => {
          if (STATIC.includes(response.request().resourceType())) files.push(response);
        });
        const began = performance.now();
        await page.goto(url + path);
        await (name === 'fleet'
          ? page.getByRole('link', { name: BURSTY }).waitFor()
          : page.locator('.u-over').first().waitFor());
        figure(`${name}: of use after`, performance.now() - began, 'ms');
        await page.waitForLoadState('networkidle');
        // Asked for now and not as they come: the list fetches the code of a host's page later, as it may be closed.
        const sizes = await Promise.all(
          files.map(async (file) => gzipSync(await file.body(), { level: 9 }).length),
        );
        const bytes = sizes.reduce((sum, one) => sum + one, 0);
        figure(`${name}: files as gzip`, bytes / KB, 'KiB');
        figure(`${name}: files as transferred`, ofFiles / KB, 'KiB');
        figure(`${name}: transferred with data`, transferred / KB, 'KiB');
        assert.ok(
          bytes <= MOST_BYTES,
          `${name} loads ${(bytes / KB).toFixed(0)} KiB of files, more than 150`,
        );
      }
    },
  },
  {
    name: 'nothing moves on a page that is left open while it is live',
    async run({ visit, service: { url }, figure }) {
      for (const path of ['/hosts', `/hosts/${BURSTY}`, '/operations', '/alerts']) {
        const { page } = await visit();
        await page.goto(url + path);
        await page.getByText('Live', { exact: true }).waitFor();
        const shift = await shiftWithoutNews(page);
        figure(`layout shift of ${path}`, shift, '');
        assert.ok(shift < 0.01, `what ${path} shows moved by ${shift.toFixed(3)} within 6 s`);
      }
    },
  },
];
