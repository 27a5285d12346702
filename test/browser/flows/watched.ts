import { nowSeconds } from '../../../core/time.ts';
import type { Group } from '../flow.ts';
import { hostWithBurstAt, handInHistory, startReporting } from '../hosts.ts';

const now = nowSeconds();
const hosts = [hostWithBurstAt({ id: 'web-01', labels: 'env=prod' }, now - 600), { id: 'db-01', shift: 400 }];

export const watched: Group = {
  name: 'a few hosts',
  async prepare({ url, stand }) {
    for (const host of hosts) await handInHistory(url, host, now - 3600, now);
    await stand.untilDrained();
    const reporting = startReporting(url, hosts);
    return () => reporting.stop();
  },
  flows: [
    {
      name: 'the list shows every host as it reports',
      async run({ visit, service }) {
        const { page } = await visit();
        await page.goto(service.url);
        await page.getByRole('row', { name: 'web-01' }).waitFor();
        await page.getByText('Live.').waitFor();
      },
    },
  ],
};
