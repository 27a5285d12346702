import { setTimeout as delay } from 'node:timers/promises';
import { startLoad, type Load } from './load/load.ts';
import type { LoadPlan, Measured } from './load/plan.ts';
import type { Measurement } from './results.ts';
import type { Bench } from './scenario.ts';
import { openService, type Service, type ServiceOptions } from './service.ts';
import { checkStored, storedSizes } from './stored.ts';
import { readUsage, usageSince, type Usage } from './usage.ts';
import { readStored } from './workerProgress.ts';

/** Until the code is compiled and the pools are filled. */
export const WARM_UP_MS = 3_000;

/**
 * Snapshots that may be under way between acknowledged and stored, and requests where each brings many. Enough that no
 * stage ever waits for work between two looks, and worked off in about a second at the end.
 */
const BACKLOG = 2_000;
const BACKLOG_REQUESTS = 20;

const LOOK_MS = 100;

export function planFor(bench: Bench, service: Service, plan: Partial<LoadPlan> = {}): LoadPlan {
  return {
    ports: service.ports,
    connections: bench.options.connections,
    snapshotsFile: bench.snapshotsFile,
    agents: bench.options.agents,
    path: '/ingest/metrics',
    snapshotsARequest: 1,
    perSecond: 0,
    onAllowance: false,
    keepSendTimes: false,
    gets: [],
    ...plan,
  };
}

/** Runs a service and a load on it, and stops both whatever happens in between. */
export async function withLoad<T>(
  bench: Bench,
  options: ServiceOptions,
  plan: Partial<LoadPlan>,
  work: (service: Service, load: Load) => Promise<T>,
): Promise<T> {
  bench.progress('starting');
  const service = await openService(bench.ground, options);
  try {
    const load = await startLoad(planFor(bench, service, plan));
    try {
      return await work({ ...service, roles: { ...service.roles, generator: [load.pid] } }, load);
    } finally {
      load.destroy();
    }
  } finally {
    bench.progress('stopping');
    await service.close();
  }
}

/** Requests acknowledged a second with every connection busy, whatever becomes of the backlog. */
export async function measureAcknowledged(
  bench: Bench,
  options: ServiceOptions,
  plan: Partial<LoadPlan> = {},
): Promise<Measurement> {
  return withLoad(bench, options, plan, async (service, load) => {
    load.start();
    const { measured, usage } = await measureWindow(bench, service, load);
    return measurementOf(measured, usage, {}, load);
  });
}

/** After the warm-up, for as long as the options say. */
export async function measureWindow(
  bench: Bench,
  { roles }: Service,
  load: Load,
): Promise<{ measured: Measured; usage: Usage }> {
  bench.progress('warming up');
  await delay(WARM_UP_MS);
  load.begin();
  const before = readUsage(roles);
  bench.progress('measuring');
  await delay(bench.options.seconds * 1000);
  const measured = await load.end();
  return { measured, usage: usageSince(before, readUsage(roles), roles) };
}

export function measurementOf(
  { acknowledged, seconds, latency, answers, late }: Measured,
  usage: Usage,
  figures: Record<string, number>,
  load: Load,
): Measurement {
  const refused = Object.entries(answers).filter(([status]) => !status.startsWith('2'));
  const busy = usage.roles.find(({ role }) => role === 'generator')?.cpuSeconds ?? 0;
  return {
    rate: acknowledged / seconds,
    count: acknowledged,
    seconds,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    usage,
    figures: {
      ...(load.snapshotBytes > 0 && { 'bytes of JSON a snapshot': load.snapshotBytes }),
      ...figures,
    },
    warnings: [
      ...refused.map(([status, count]) => `${count} answers were ${status}`),
      ...(late > 0 ? [`${late} requests had to wait for a free connection`] : []),
      ...warningsOf(usage, seconds, busy),
    ],
  };
}

/** What makes figures less than they seem. */
export function warningsOf(usage: Usage, seconds: number, generatorSeconds: number): string[] {
  const warnings: string[] = [];
  if (generatorSeconds / seconds > 0.8)
    warnings.push(
      `the generator was busy ${Math.round((generatorSeconds / seconds) * 100)} % of the time: it may be the limit`,
    );
  if (usage.othersSeconds / seconds > 0.05)
    warnings.push(
      `other programs took ${(usage.othersSeconds / seconds).toFixed(2)} cores of the machine meanwhile`,
    );
  if (usage.stolenSeconds / seconds > 0.02)
    warnings.push(`the host took ${(usage.stolenSeconds / seconds).toFixed(2)} cores of the machine away`);
  return warnings;
}

/**
 * Snapshots stored a second: in Redis, in PostgreSQL and judged for alerts. Snapshots are let in as fast as others are
 * stored, so the backlog does not grow; the time until the last one is stored counts too. Afterwards both stores are
 * counted.
 *
 * @throws {Error} where what is stored is not what was acknowledged
 */
export async function measurePipeline(
  bench: Bench,
  options: ServiceOptions,
  plan: Partial<LoadPlan> = {},
): Promise<Measurement> {
  return withLoad(bench, options, { ...plan, onAllowance: true }, async (service, load) => {
    const stored = () => readStored(service.workerPort);
    load.start();
    const measure = async () => {
      bench.progress('warming up');
      await delay(WARM_UP_MS);
      load.begin();
      const before = readUsage(service.roles);
      const storedBefore = await stored();
      const began = performance.now();
      bench.progress('measuring');
      await delay(bench.options.seconds * 1000);
      return { before, storedBefore, began, measured: await load.end() };
    };
    const { measured, before, storedBefore, began } = await letInWhatIsStored(
      load,
      stored,
      measure,
      plan.snapshotsARequest,
    );
    const { acknowledged } = await load.stop();
    bench.progress(`storing the last of ${acknowledged}`);
    await untilStored(stored, acknowledged);
    const seconds = (performance.now() - began) / 1000;
    const usage = usageSince(before, readUsage(service.roles), service.roles);
    bench.progress('counting what is stored');
    await checkStored(service, acknowledged, plan.agents ?? bench.options.agents);
    const figures = await storedSizes(service, acknowledged, bench.snapshotsFile);
    const count = acknowledged - storedBefore;
    return measurementOf({ ...measured, acknowledged: count, seconds }, usage, figures, load);
  });
}

/** Lets so many snapshots in that no more than the backlog are under way, for as long as the work takes. */
export async function letInWhatIsStored<T>(
  load: Load,
  stored: () => Promise<number>,
  work: () => Promise<T>,
  snapshotsARequest = 1,
): Promise<T> {
  const backlog = Math.max(BACKLOG, BACKLOG_REQUESTS * snapshotsARequest);
  const done = new AbortController();
  async function gate(): Promise<void> {
    while (!done.signal.aborted) {
      load.allow((await stored()) + backlog);
      await delay(LOOK_MS, undefined, { signal: done.signal }).catch(() => undefined);
    }
  }
  const [result] = await Promise.all([work().finally(() => done.abort()), gate()]);
  return result;
}

const STORING_MS = 60_000;

async function untilStored(stored: () => Promise<number>, wanted: number): Promise<void> {
  const endsAt = Date.now() + STORING_MS;
  for (let have = await stored(); have < wanted; have = await stored()) {
    if (Date.now() > endsAt)
      throw new Error(`${have} of ${wanted} snapshots are stored after ${STORING_MS / 1000} s`);
    await delay(LOOK_MS / 2);
  }
}
