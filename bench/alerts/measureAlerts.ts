import { Redis } from 'ioredis';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AlertSample } from '../../core/contracts/queues.ts';
import { builtInRule } from '../../core/alerting/builtInRule.ts';
import type { FileSettings } from '../../core/alerting/settingsDocument.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { createAlertingPublisher } from '../../core/stores/alertingPublisher.ts';
import { createAlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { createAlertStateStore } from '../../core/stores/redis/alertStates.ts';
import { nowSeconds } from '../../core/time.ts';
import { warningsOf, WARM_UP_MS } from '../measure.ts';
import { startProcess } from '../processes.ts';
import type { Measurement } from '../results.ts';
import type { Bench } from '../scenario.ts';
import { describeLatency } from '../statistics.ts';
import { readUsage, usageSince } from '../usage.ts';
import { startFeed } from './feed.ts';
import { agentIdOf, createSampleMaker, STEP_SECONDS } from './samples.ts';

export interface AlertLoad {
  agents: number;
  /** Beside the contract's. */
  rules: FileSettings['rules'];
  /** Every n-th host is hot by turns. */
  hotOneIn: number;
  /** 0: as fast as they are evaluated. */
  perSecond: number;
}

/** Reports of before, so that states are as large as after a quarter of an hour. */
const ROUNDS_BEFORE = 450;
const HOSTS_A_JOB = 10;

/** Measures the alerts role alone: one worker process that does nothing else, fed past the API. */
export async function measureAlerts(bench: Bench, load: AlertLoad): Promise<Measurement> {
  const { ground, options } = bench;
  bench.progress('starting');
  const redis = await ground.stores.startRedis();
  const { url } = redis.handle;
  const connections = [new Redis(url), new Redis(url)] as const;
  const [client, subscriber] = connections;
  const queue = openQueue('alerts', client);
  await createAlertingPublisher({
    store: createAlertingSettingsStore(client),
    operator: 'elsewhere',
    builtIn: builtInRule({ threshold: 90, durationSeconds: 10 }),
    file: { rules: [...load.rules], channels: [], routes: [] },
  }).refresh('file');
  const worker = await startProcess({
    name: 'worker',
    entry: 'workers/main.js',
    args: ['--roles', 'alerts'],
    env: { REDIS_URL: url },
    logFile: join(ground.directory, 'alerts-worker.log'),
    profileTo: ground.profile.roles.includes('worker') ? ground.profile.directory : undefined,
  });
  const roles = { worker: [worker.pid], redis: [redis.handle.pid] };
  try {
    const startSeconds = nowSeconds() - STEP_SECONDS * ROUNDS_BEFORE;
    const maker = await createSampleMaker(bench.snapshotsFile, { hotOneIn: load.hotOneIn, startSeconds });

    for (let host = 0; host < load.agents; host += HOSTS_A_JOB) {
      if (host % 1_000 === 0) bench.progress(`a quarter of an hour of ${host} hosts`);
      const samples: AlertSample[] = [];
      for (let number = host; number < Math.min(host + HOSTS_A_JOB, load.agents); number += 1)
        for (let round = 0; round < ROUNDS_BEFORE; round += 1) {
          const { measurements: _, ...sample } = maker.sample(number, round, Date.now());
          samples.push(sample);
        }
      await queue.add('alerts', { samples });
      while ((await client.llen(queue.toKey('wait'))) > 2) await delay(10);
    }

    let given = 0;
    const next = (count: number) =>
      Array.from({ length: count }, () => {
        const round = ROUNDS_BEFORE + Math.floor(given / load.agents);
        const sample = maker.sample(given % load.agents, round, Date.now());
        given += 1;
        return sample;
      });
    const feed = await startFeed({ queue, redis: client, subscriber }, next, load.perSecond);
    bench.progress('warming up');
    await delay(WARM_UP_MS);
    const [before, evaluatedBefore, began] = [readUsage(roles), await feed.evaluated(), performance.now()];
    feed.latencies();
    bench.progress('measuring');
    await delay(options.seconds * 1000);
    const seconds = (performance.now() - began) / 1000;
    const evaluated = (await feed.evaluated()) - evaluatedBefore;
    const usage = usageSince(before, readUsage(roles), roles);
    const latency = describeLatency(feed.latencies());
    await feed.stop();
    return {
      rate: evaluated / seconds,
      count: evaluated,
      seconds,
      p50Ms: latency.p50,
      p99Ms: latency.p99,
      usage,
      figures: {
        'alerts fired': latency.count,
        'bytes of state a host': await bytesOfState(client, load.agents),
      },
      warnings: warningsOf(usage, seconds, 0),
    };
  } finally {
    bench.progress('stopping');
    await worker.stop();
    for (const connection of connections) connection.disconnect();
    await redis.remove();
  }
}

/** The mean over some hosts. */
async function bytesOfState(redis: Redis, agents: number): Promise<number> {
  const hosts = Array.from({ length: Math.min(agents, 1_000) }, (_, number) => agentIdOf(number));
  const states = await createAlertStateStore(redis).load(hosts);
  return states.reduce((sum, { text = '' }) => sum + text.length, 0) / hosts.length;
}
