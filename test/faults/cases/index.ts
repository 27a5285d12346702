import type { FaultCase } from '../case.ts';
import { addsRepeated, apiKilled, repliesLost } from './api.ts';
import { chaos } from './chaos.ts';
import { clocksOff } from './clocks.ts';
import { controls } from './controls.ts';
import { postgresFull, redisDiskFull } from './disks.ts';
import { duplicates } from './duplicates.ts';
import { idleSockets } from './idleSockets.ts';
import { reloaded } from './pm2.ts';
import { poison, postgresAway, postgresBusy } from './postgres.ts';
import { price } from './price.ts';
import { redisFrozen, redisFull, redisKilled } from './redis.ts';
import { sameJobKilled } from './sameJob.ts';
import { sentinelFailover, sentinelWithQuorum } from './sentinel.ts';
import { backlog, startedWithoutStores, stopped } from './service.ts';
import { slowSockets } from './slowSockets.ts';
import { notificationsKilled } from './notifications.ts';
import { workersFrozen, workersKilled } from './workers.ts';

/** Every case, in the order in which they run. */
export const CASES: readonly FaultCase[] = [
  apiKilled,
  repliesLost,
  addsRepeated,
  workersKilled,
  workersFrozen,
  sameJobKilled,
  redisKilled,
  redisFrozen,
  redisFull,
  redisDiskFull,
  sentinelFailover,
  sentinelWithQuorum,
  postgresAway,
  postgresFull,
  postgresBusy,
  poison,
  duplicates,
  backlog,
  slowSockets,
  idleSockets,
  stopped,
  reloaded,
  startedWithoutStores,
  clocksOff,
  chaos,
  notificationsKilled,
  price,
  ...controls,
];
