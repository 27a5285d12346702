import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import type { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/waitFor.ts';
import type { Flow } from '../flow.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

/** @param receiver gets what is sent, once the group is prepared */
export function channelFlows(receiver: () => Receiver): Flow[] {
  return [
    {
      name: 'a channel is made and tested, its secret is never shown again and stays while it is edited',
      async run({ visit, service }) {
        const { page } = await visit();
        await page.goto(`${service.url}/alerts/channels`);
        await button(page, 'New channel').click();
        await page.getByLabel('Name', { exact: true }).fill('Our hook');
        await page.getByLabel('Id', { exact: true }).fill('our-hook');
        await page.getByLabel('URL').fill(`${receiver().url}/first`);
        await page.getByLabel('Secret').fill(SECRET);
        await button(page, 'Save').click();
        await button(page, 'Test our-hook').click();
        await page.getByText('Test of our-hook: Delivered, answered 200').waitFor();
        assert.ok(receiver().received.some(({ path }) => path === '/first'));

        await button(page, 'Edit our-hook').click();
        assert.equal(await page.getByLabel('Secret').inputValue(), '');
        assert.ok(!(await page.content()).includes(SECRET));
        await page.getByText('leave this empty to keep it').waitFor();
        await page.getByLabel('URL').fill(`${receiver().url}/second`);
        await button(page, 'Save').click();
        await button(page, 'Test our-hook').click();
        await waitFor(() => receiver().received.some(({ path }) => path === '/second'));
        const [first, second] = ['/first', '/second'].map((path) =>
          receiver().received.find((one) => one.path === path),
        );
        assert.ok(first?.headers['webhook-signature'] !== undefined);
        assert.ok(second?.headers['webhook-signature'] !== undefined);
        const log = region(page, 'Messages').getByRole('row').filter({ hasText: 'our-hook' });
        await log.filter({ hasText: 'Delivered' }).nth(1).waitFor();
        await region(page, 'Changes').getByRole('row').filter({ hasText: 'channel changed' }).waitFor();
      },
    },
    {
      name: 'a channel that nobody answers says why its test failed, and the messages that failed can be looked at alone',
      async run({ visit, service }) {
        const { page } = await visit();
        await page.goto(`${service.url}/alerts/channels?new=channel`);
        await page.getByLabel('Name', { exact: true }).fill('Nobody');
        await page.getByLabel('Id', { exact: true }).fill('nobody');
        await page.getByLabel('Kind').selectOption('slack');
        await page.getByLabel('URL').fill('http://127.0.0.1:9/services/x');
        await button(page, 'Save').click();
        await button(page, 'Test nobody').click();
        await page.getByText(/Test of nobody: Failed/).waitFor();
        await region(page, 'Messages').getByLabel('State').selectOption('failed');
        await page.waitForURL(/state=failed/);
        await region(page, 'Messages').getByRole('row').filter({ hasText: 'nobody' }).waitFor();
        await region(page, 'Messages').getByText('Delivered', { exact: true }).waitFor({ state: 'hidden' });
      },
    },
    {
      name: 'a route to no channel is told at its channels; with one it is in the list, in words',
      async run({ visit, service }) {
        const { page } = await visit();
        await page.goto(`${service.url}/alerts/channels`);
        await button(page, 'New route').click();
        await page.getByLabel('Id', { exact: true }).fill('web-to-pager');
        await page.getByLabel('Agents').fill('web-*');
        await button(page, 'Save').click();
        await page.getByText('Choose at least one channel').first().waitFor();
        await page.getByRole('group', { name: 'Channels' }).getByLabel('Whoever is on call').check();
        await page.getByLabel('Repeat interval').fill('2 h');
        await button(page, 'Save').click();
        const row = region(page, 'Which alerts go where')
          .getByRole('row')
          .filter({ hasText: 'web-to-pager' });
        await row.getByText('a message for each host; again every 2 h').waitFor();
        await row.getByRole('button', { name: 'Delete' }).click();
        await row.getByRole('button', { name: 'Delete', exact: true }).click();
        await row.waitFor({ state: 'detached' });
      },
    },
  ];
}
