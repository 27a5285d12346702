import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import type { Flow } from '../flow.ts';

/** @param signIn as somebody who may look, and change nothing */
export function viewerFlows(signIn: (page: Page) => Promise<void>, expectedErrors: RegExp): Flow[] {
  return [
    {
      name: 'a viewer sees what is set up of alerts, and no button that would change it',
      async run({ visit, service }) {
        const { page } = await visit({ expectedErrors });
        await page.goto(`${service.url}/alerts/rules?new=rule`);
        await signIn(page);
        await page.getByRole('rowheader', { name: 'cpu_threshold_duration' }).waitFor();
        assert.equal(await page.locator('main').getByRole('button').count(), 0);
        await page.getByRole('link', { name: 'Silences' }).click();
        await page.getByText('There is none.').first().waitFor();
        assert.equal(await page.locator('main').getByRole('button').count(), 0);
        await page.getByRole('link', { name: 'Channels' }).click();
        await page.getByText('Where they go only operators see').waitFor();
        await page.getByText('There is no route').waitFor();
        assert.equal(await page.locator('main').getByRole('button').count(), 0);
      },
    },
  ];
}
