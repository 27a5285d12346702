import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import type { Flow, Group } from '../flow.ts';
import { startReporting } from '../hosts.ts';
import { SIGN_IN } from '../pages.ts';
import { fire, firingOf } from './alerts.ts';
import { everyPageFlows } from './everyPage.ts';
import { viewerFlows } from './viewer.ts';

const VIEWER = 'browser-viewer-token';
const OPERATOR = 'browser-operator-token';

/** Chromium writes every refusal to the console by itself. */
const REFUSED = /status of 401|WebSocket connection to/;

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true });

const flows: Flow[] = [
  {
    name: 'a wrong token is refused in words; the viewer’s lets in, to the page that was asked for',
    async run({ visit, service }) {
      const { page } = await visit({ expectedErrors: REFUSED });
      await page.goto(`${service.url}/alerts`);
      await heading(page, 'Sign in').waitFor();
      assert.equal(await page.getByText('guarded-01').count(), 0);
      await signIn(page, 'not the token');
      await page.getByRole('alert').getByText('not known').waitFor();
      await signIn(page, VIEWER);
      await heading(page, 'Alerts').waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
    },
  },
  {
    name: 'who signs out sees nothing any more, also not on the page before',
    async run({ visit, service }) {
      const { page } = await visit({ expectedErrors: REFUSED });
      await page.goto(`${service.url}/operations`);
      await signIn(page, VIEWER);
      await page.getByText('Everything works').waitFor();
      await page.getByRole('link', { name: 'Queue board (read only)' }).waitFor();
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByText('You are a viewer').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await heading(page, 'You are signed out').waitFor();
      await page.reload();
      await heading(page, 'Sign in').waitFor();
      assert.equal(await page.getByText('Everything works').count(), 0);
    },
  },
  {
    name: 'a session that ends while the page is open is told, and signing in goes on where one was',
    async run({ visit, service }) {
      const { page, context } = await visit({ expectedErrors: REFUSED });
      await page.goto(`${service.url}/alerts`);
      await signIn(page, VIEWER);
      await heading(page, 'Alerts').waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      // As the browser does once the cookie is too old.
      await context.clearCookies();
      await page.getByRole('link', { name: 'Operations' }).click();
      await heading(page, 'Your session has ended').waitFor();
      await signIn(page, OPERATOR);
      await heading(page, 'Operations').waitFor();
      await page.getByRole('link', { name: 'Queue board', exact: true }).waitFor();
    },
  },
  {
    name: 'who may only read sees what fires, and nothing to do about it; the operator sees both',
    async run({ visit, service }) {
      await fire(service.url, 'guarded-02');
      for (const [token, buttons] of [
        [VIEWER, 0],
        [OPERATOR, 1],
      ] as const) {
        const { page } = await visit({ expectedErrors: REFUSED });
        await page.goto(`${service.url}/alerts`);
        await signIn(page, token);
        await firingOf(page, 'guarded-02').waitFor();
        await page.getByText('Live', { exact: true }).waitFor();
        const acknowledge = firingOf(page, 'guarded-02').getByRole('button', { name: 'Acknowledge' });
        assert.equal(await acknowledge.count(), buttons);
      }
    },
  },
];

export const session: Group = {
  name: 'with tokens',
  env: { VIEWER_TOKEN: VIEWER, OPERATOR_TOKEN: OPERATOR },
  async prepare({ url }) {
    const reporting = startReporting(url, [{ id: 'guarded-01', shift: 0 }]);
    return reporting.stop;
  },
  places: () => [SIGN_IN],
  flows: [
    ...flows,
    ...viewerFlows((page) => signIn(page, VIEWER), REFUSED),
    ...everyPageFlows(() => [SIGN_IN], REFUSED),
  ],
};
