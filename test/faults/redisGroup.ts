import { setTimeout as delay } from 'node:timers/promises';
import type { RedisServer } from '../../scripts/embedded/embeddedRedis.ts';
import { startSentinelGroup } from '../support/sentinelGroup.ts';
import { isStopped, type BreakableRedis } from './stores.ts';

/** What is done to the group is done to its primary; `restart` and `thaw` are for the one that was broken last. */
export interface BreakableGroup extends BreakableRedis {
  /** Freezes the replicas: what the primary acknowledges from now on stays with it, and in their sockets' buffers. */
  holdReplicas(): Promise<void>;
  /** Has them go on with what they had on disk; the buffers are gone. */
  restartReplicas(): Promise<void>;
  /** Waits until the broken one is a replica like the others, and every node is in step. */
  untilWhole(): Promise<void>;
}

/** A primary with two replicas and three Sentinels. The service dials it directly: the proxy leads nowhere. */
export async function startRedisGroup(
  directory: string,
  server: RedisServer,
  nodeConfig: string[],
): Promise<BreakableGroup> {
  const group = await startSentinelGroup({ directory, server, nodeConfig });
  await group.untilWhole();
  const first = await group.primaryPort();
  let broken = first;
  return {
    port: first,
    get pid() {
      return group.pid(broken);
    },
    env: () => group.env,
    connect: group.connect,
    async kill() {
      broken = await group.primaryPort();
      await group.kill(broken);
    },
    restart: () => group.restart(broken),
    async freeze() {
      broken = await group.primaryPort();
      group.signal(broken, 'SIGSTOP');
      while (!isStopped(group.pid(broken))) await delay(5);
    },
    thaw: () => group.signal(broken, 'SIGCONT'),
    async holdReplicas() {
      const primary = await group.primaryPort();
      for (const port of group.nodePorts) if (port !== primary) group.signal(port, 'SIGSTOP');
    },
    async restartReplicas() {
      const replicas = group.nodePorts.filter((port) => port !== broken);
      await Promise.all(replicas.map((port) => group.kill(port)));
      await Promise.all(replicas.map((port) => group.restart(port)));
    },
    untilWhole: () => group.untilWhole(),
    close: group.close,
  };
}
