import { startReceiver, type Receiver } from '../../support/receiver.ts';
import { nowSeconds } from '../../../core/time.ts';
import { handInHistory, hostWithBurstAt, startReporting } from '../hosts.ts';
import type { Place } from '../pages.ts';
import type { Service } from '../service.ts';

/** Has had the three bursts of the recording, of 22 s each, within the last quarter of an hour. */
export const TRIED = 'web-01';

const BURST_SECONDS_AGO = 600;
const SECONDS_OF_HISTORY = 900;

/** What there is before a page is looked at. @param hook where the channel leads */
function setUp(hook: string): [path: string, body: object][] {
  return [
    [
      '/api/alert-rules',
      {
        id: 'web-hot',
        name: 'The web is hot',
        severity: 'critical',
        condition: { kind: 'cpu', at_or_above: 90 },
        for_seconds: 10,
        resolve_below: 60,
        match: { agents: ['web-*'], labels: { env: 'prod' } },
      },
    ],
    [
      '/api/silences',
      {
        match: { agents: ['db-*'] },
        ends_at: nowSeconds() + 7200,
        author: 'Ada',
        comment: 'The disk is being replaced',
      },
    ],
    [
      '/api/maintenance',
      {
        name: 'Sunday backups',
        match: { labels: { role: 'db' } },
        cron: '0 3 * * sun',
        time_zone: 'Europe/Berlin',
        duration_seconds: 7200,
        author: 'Ada',
      },
    ],
    [
      '/api/alert-channels',
      { id: 'pager', name: 'Whoever is on call', target: { kind: 'slack', url: hook } },
    ],
    ['/api/alert-routes', { id: 'critical-first', match: { severities: ['critical'] }, channels: ['pager'] }],
  ];
}

export interface AlertingWorld {
  /** Gets what channels send. */
  receiver: Receiver;
  close(): Promise<void>;
}

/** A host with bursts in its past, and one of each thing that operators set up. */
export async function makeAlertingWorld({ url, stand }: Service): Promise<AlertingWorld> {
  const now = nowSeconds();
  const host = hostWithBurstAt({ id: TRIED, labels: 'env=prod,role=web' }, now - BURST_SECONDS_AGO);
  await handInHistory(url, host, now - SECONDS_OF_HISTORY, now);
  await stand.untilDrained();
  const receiver = await startReceiver();
  for (const [path, body] of setUp(`${receiver.url}/services/on-call`)) await create(url + path, body);
  const reporting = startReporting(url, [host]);
  return {
    receiver,
    async close() {
      await reporting.stop();
      await receiver.close();
    },
  };
}

/** @throws {Error} with the answer, where it was refused */
async function create(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${url} was answered ${answer.status}: ${await answer.text()}`);
}

/** Lists with something in them, and the longest forms. */
export const ALERTING_PLACES: Place[] = [
  {
    name: 'rules',
    path: '/alerts/rules',
    isThere: (page) => page.getByRole('button', { name: 'Edit web-hot' }).waitFor(),
  },
  {
    name: 'rule',
    path: '/alerts/rules?rule=web-hot',
    async isThere(page) {
      await page.getByLabel('Range').selectOption('3600');
      await page.getByRole('button', { name: 'Try', exact: true }).click();
      await page.locator('.u-over').waitFor();
      await page.getByText('It would have fired 3 times').waitFor();
    },
  },
  {
    name: 'silences',
    path: '/alerts/silences',
    async isThere(page) {
      await page.getByText('The disk is being replaced').waitFor();
      await page.getByRole('rowheader', { name: 'Sunday backups' }).waitFor();
    },
  },
  {
    name: 'silence',
    path: '/alerts/silences?new=silence',
    isThere: (page) => page.getByRole('heading', { name: 'New silence' }).waitFor(),
  },
  {
    name: 'channels',
    path: '/alerts/channels',
    async isThere(page) {
      await page.getByRole('button', { name: 'Test pager' }).waitFor();
      await page.getByRole('rowheader', { name: 'critical-first' }).waitFor();
      await page.getByRole('cell', { name: 'channel created' }).first().waitFor();
    },
  },
  {
    name: 'channel',
    path: '/alerts/channels?edit=pager',
    isThere: (page) => page.getByRole('heading', { name: 'Channel pager' }).waitFor(),
  },
  {
    name: 'route',
    path: '/alerts/channels?route=critical-first',
    isThere: (page) => page.getByRole('heading', { name: 'Route critical-first' }).waitFor(),
  },
];
