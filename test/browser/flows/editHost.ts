import { strict as assert } from 'node:assert';
import { waitFor } from '../../support/waitFor.ts';
import type { Flow } from '../flow.ts';
import { report } from '../hosts.ts';

/** Of this flow alone: it is gone at the end. */
const HOST = { id: 'rack-9', shift: 40, labels: 'env=prod' };

export const editHostFlow: Flow = {
  name: 'a host is given a name and labels where it is shown, and forgotten there',
  async run({ visit, service: { url } }) {
    await report(url, HOST);
    const { page } = await visit();
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    await page.goto(`${url}/hosts/${HOST.id}`);
    await button('Edit name and labels').click();
    const labels = page.getByRole('textbox', { name: 'Labels', exact: true });
    await waitFor(async () => (await labels.inputValue()) === 'env=prod');
    await page.getByLabel('Name', { exact: true }).fill('Checkout, Frankfurt');
    await labels.fill('env=prod\nrack');
    await button('Save').click();
    await page.getByText('Must be key=value, and is not: rack.').waitFor();
    await waitFor(() => labels.evaluate((field) => field === document.activeElement));
    await labels.fill('env=staging\nrack=9');
    await button('Save').click();
    await page.getByRole('heading', { name: 'Checkout, Frankfurt' }).waitFor();
    const shown = page.getByRole('list', { name: 'Labels' }).getByRole('listitem');
    await waitFor(async () => (await shown.allInnerTexts()).join() === 'env=staging,rack=9');

    await page.goto(`${url}/hosts?label=rack=9`);
    await page.getByRole('link', { name: 'Checkout, Frankfurt' }).click();
    await button('Edit name and labels').click();
    await waitFor(async () => (await labels.inputValue()) === 'env=staging\nrack=9');
    await labels.fill('');
    await button('Save').click();
    // What the operator said is taken back: what the agent says of itself is left.
    await waitFor(async () => (await shown.allInnerTexts()).join() === 'env=prod');

    await button('Edit name and labels').click();
    await button(`Forget ${HOST.id}`).click();
    await button('Forget').click();
    await page.waitForURL(`${url}/hosts`);
    const answer = await fetch(`${url}/api/agents/${HOST.id}`);
    assert.equal(answer.status, 404);
  },
};
