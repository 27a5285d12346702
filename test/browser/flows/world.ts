import { z } from 'zod';
import { nowSeconds } from '../../../core/time.ts';
import { handInHistory, hostWithBurstAt, startReporting, type Host } from '../hosts.ts';
import type { Service } from '../service.ts';
import { waitFor } from '../../support/waitFor.ts';

/** Fired for good: what its agent measures never falls below the threshold. */
export const HOT = 'hot-01';
/** Has had a burst of 22 s some minutes ago, and hours of history. */
export const BURSTY = 'web-01';
/** Has reported, and does no more. */
export const SILENT = 'old-01';
/** Runs a process whose name is HTML. */
export const HOSTILE = 'odd-01';
export const HOSTILE_NAME = `<img src=x onerror="document.title='taken over'">`;

/** Has as long a history as {@link BURSTY}, and runs the same. */
export const SIBLING = 'db-01';

/** How long ago the burst of {@link BURSTY} began, when the hosts were made. */
const BURST_SECONDS_AGO = 600;
const HOURS_OF_HISTORY = 3;

/** The hosts most flows look at, and when they were made. */
export interface World {
  hosts: Host[];
  /** Epoch seconds. */
  burstAt: number;
  /** Stops all reports. */
  close(): Promise<void>;
}

/** Hosts for a picture: how long ago, in seconds, each had a burst. */
const CROWD: [id: string, burstSecondsAgo: number, labels: string][] = [
  ['web-03', 170, 'env=prod,role=web'],
  ['web-04', 1500, 'env=prod,role=web'],
  ['cache-01', 900, 'env=prod,role=cache'],
  ['db-02', 290, 'env=prod,role=db'],
  ['build-01', 40, 'env=ci'],
  ['build-02', 240, 'env=ci'],
  ['mail-01', 1200, 'env=prod,role=mail'],
  ['staging-01', 700, 'env=staging'],
];

/** Waits until a process is known to have run on a host: that is rolled up by the hour, every 30 s. */
export async function untilFound(url: string, name: string, host: string): Promise<void> {
  const search = async () => (await fetch(`${url}/api/processes/search?name=${name}`)).text();
  await waitFor(async () => (await search()).includes(host), {
    timeoutMs: 90_000,
    intervalMs: 500,
    describe: `${name} to be found on ${host}`,
  });
}

/** Waits until the list has so many hosts: one that does not report comes to an open page only when it asks again. */
async function untilListed(url: string, count: number): Promise<void> {
  const listed = async () => {
    const answer = await fetch(`${url}/api/agents`);
    return z.object({ agents: z.array(z.unknown()) }).safeParse(await answer.json()).data?.agents.length ?? 0;
  };
  await waitFor(async () => (await listed()) >= count, {
    timeoutMs: 90_000,
    intervalMs: 500,
    describe: `${count} hosts to be in the list`,
  });
}

const topSchema = z.object({ processes: z.array(z.object({ name: z.string() })) });

/**
 * Waits until the history of a host says that this process took the most of its last hour: what was handed in at once is
 * rolled up bit by bit, and until then the hour is not what it was.
 */
async function untilBusiest(url: string, name: string, host: string): Promise<void> {
  const busiest = async () => {
    const answer = await fetch(`${url}/api/processes/top?agent=${host}&from=${nowSeconds() - 3600}&limit=1`);
    return topSchema.safeParse(await answer.json()).data?.processes[0]?.name;
  };
  await waitFor(async () => (await busiest()) === name, {
    timeoutMs: 90_000,
    intervalMs: 500,
    describe: `${name} to be the busiest process of ${host}`,
  });
}

/** A few hosts with history, alerts past and firing, which go on reporting to the second API node. */
export async function makeWorld({ url, urls, stand }: Service, crowded = false): Promise<World> {
  const now = nowSeconds();
  const burstAt = now - BURST_SECONDS_AGO;
  const hosts: Host[] = [
    hostWithBurstAt({ id: BURSTY, labels: 'env=prod,role=web' }, burstAt),
    { id: 'web-02', shift: 300, labels: 'env=prod,role=web' },
    { id: SIBLING, shift: 450, labels: 'env=prod,role=db' },
    { id: HOT, shift: 500, labels: 'env=test', always: { total_cpu_percent: 97.5 } },
  ];
  if (crowded) for (const [id, ago, labels] of CROWD) hosts.push(hostWithBurstAt({ id, labels }, now - ago));
  else hosts.push({ id: HOSTILE, shift: 600, labels: 'env=test', process: HOSTILE_NAME });
  const histories = hosts.map((host) =>
    handInHistory(
      url,
      host,
      [BURSTY, SIBLING].includes(host.id) ? now - HOURS_OF_HISTORY * 3600 : now - 900,
      now,
    ),
  );
  // Silent long enough to be offline.
  if (!crowded) histories.push(handInHistory(url, { id: SILENT, shift: 700 }, now - 900, now - 120));
  await Promise.all(histories);
  await stand.untilDrained();
  await untilListed(url, crowded ? hosts.length : hosts.length + 1);
  if (crowded) await Promise.all([untilFound(url, 'sh', SIBLING), untilBusiest(url, 'sh', BURSTY)]);
  const reporting = startReporting(urls.at(-1) ?? url, hosts);
  return { hosts, burstAt, close: reporting.stop };
}
