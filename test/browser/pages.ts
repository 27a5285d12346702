import type { Page } from 'playwright-core';

/** A page of the dashboard, as it is looked at from all sides: for its accessibility, its width, and its pictures. */
export interface Place {
  name: string;
  path: string;
  /** Resolves when what it is for can be seen. */
  isThere(page: Page): Promise<void>;
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { name }).first().waitFor();

/** Where a few hosts report. @param options.alert the id of one that has fired */
export function placesOf({ host, at, alert }: { host: string; at: number; alert: string }): Place[] {
  const iso = new Date(at * 1000).toISOString().replace('.000Z', 'Z');
  return [
    {
      name: 'fleet',
      path: '/hosts',
      isThere: (page) => page.getByRole('link', { name: host }).waitFor(),
    },
    {
      name: 'host',
      path: `/hosts/${host}?range=1h&at=${iso}`,
      async isThere(page) {
        await page.getByText('held on to').waitFor();
        await page.locator('.u-over').first().waitFor();
        await page.locator('.moment .process-name').first().waitFor();
      },
    },
    {
      name: 'process',
      path: `/hosts/${host}?range=1h&process=sh`,
      async isThere(page) {
        await page.getByRole('figure', { name: 'CPU of sh' }).locator('.u-over').waitFor();
        await page.locator('.moment .process-name').first().waitFor();
      },
    },
    {
      name: 'alerts',
      path: '/alerts',
      async isThere(page) {
        await page.getByRole('region', { name: 'Firing now' }).getByRole('listitem').first().waitFor();
      },
    },
    {
      name: 'alert-history',
      path: '/alerts/history?range=1h',
      async isThere(page) {
        await page.locator('.timeline [data-alert]').first().waitFor();
      },
    },
    {
      name: 'alert',
      path: `/alerts/${encodeURIComponent(alert)}`,
      async isThere(page) {
        await page.getByRole('region', { name: 'Timeline' }).getByText('Firing', { exact: true }).waitFor();
      },
    },
    { name: 'operations', path: '/operations', isThere: heading('API nodes') },
  ];
}

export const EMPTY: Place = { name: 'empty', path: '/', isThere: heading('No host has reported yet') };
export const SIGN_IN: Place = { name: 'sign-in', path: '/', isThere: heading('Sign in') };
