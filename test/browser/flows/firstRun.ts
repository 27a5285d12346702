import type { Group } from '../flow.ts';
import { report } from '../hosts.ts';
import { EMPTY } from '../pages.ts';
import { everyPageFlows } from './everyPage.ts';

/** A server that nobody reports to yet, and then one host. */
export const firstRun: Group = {
  name: 'the first run',
  places: () => [EMPTY],
  flows: [
    ...everyPageFlows(() => [EMPTY]),
    {
      name: 'an empty list shows the command that connects a host, and the only host is shown straight away',
      async run({ visit, service: { url } }) {
        const { page } = await visit();
        await page.goto(url);
        await page.getByText('No host has reported yet').waitFor();
        await page.getByText(`npm run agent -- --url ${url} --id web-01`).waitFor();
        await report(url, { id: 'only-01', shift: 0 });
        await page.waitForURL(`${url}/hosts/only-01`);
        await page.getByRole('heading', { name: 'only-01' }).waitFor();
        // Whoever wants the list gets it.
        await page.getByRole('link', { name: 'Fleet' }).click();
        await page.getByRole('table', { name: 'Hosts' }).waitFor();
      },
    },
  ],
};
