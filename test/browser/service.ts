import type { Ground, Stand } from '../faults/stand.ts';
import { openStand } from '../faults/stand.ts';
import { waitFor } from '../support/waitFor.ts';

/** The whole service as it is run, two API nodes and every role, and nothing in it yet. */
export interface Service {
  /** Of each API node. */
  urls: string[];
  /** Of the first one. */
  url: string;
  stand: Stand;
  close(): Promise<void>;
}

/** Every role in one process; which runs where makes no difference to a page. */
const WORKERS = ['timeline,persist,alerts,notify,deliver,record,rollup,prune'];

/** @param env settings beside the default ones */
export async function openService(ground: Ground, env: Record<string, string> = {}): Promise<Service> {
  const stand = await openStand(ground, {
    workers: WORKERS,
    // What is stored is made up, and goes with the directory.
    appendFsync: 'no',
    env: { RETENTION_SECONDS: '300', ALERT_RETENTION_SECONDS: '86400', LOG_LEVEL: 'warn', ...env },
  });
  await stand.untilReady();
  const [url = ''] = stand.urls;
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, {
    timeoutMs: 10_000,
    describe: 'the service',
  });
  return {
    urls: stand.urls,
    url,
    stand,
    async close() {
      await stand.close();
    },
  };
}

/** Processes of the service that ended by themselves. */
export function crashesOf({ stand }: Service): string[] {
  return [...stand.apis, ...stand.workers].flatMap(({ crashes }) => crashes);
}
