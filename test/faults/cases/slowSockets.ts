import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type FaultCase } from '../case.ts';
import { compareDeliveries } from '../deliveries.ts';
import { readLedger } from '../ledger.ts';
import { droppedSockets, openSocketsOf } from '../liveState.ts';
import { memoryMb } from '../processFigures.ts';
import { startProxy, type Proxy } from '../proxy.ts';
import {
  agentId,
  beginCourse,
  ONE_NODE,
  open,
  openHealthy,
  watch,
  type Course,
  type Phase,
} from '../socketCourse.ts';
import { judgeDelays, judgeDeliveries, judgeMemory, windowsOf } from '../socketJudge.ts';

/** A rate that two cores bear with a thousand readers; with large snapshots 200 KB/s to each that wants all of them. */
const PER_SECOND = 16;

/** Sockets that hang come in three kinds: for good, for a while, and on a way that has died. */
const SLOW = [
  // The first to open are the first to be given up.
  { name: 'recovering raw', kind: 'websocket', count: 10 },
  { name: 'recovering io', kind: 'socket.io', count: 10 },
  { name: 'slow raw', kind: 'websocket', count: 40 },
  { name: 'slow io', kind: 'socket.io', count: 40 },
] as const;

/** So many must be given up before those that come to life again do so: the dead, those themselves, and a few more. */
const SOME = 25;

/** A phase in which sockets hang, until they are closed and longer. */
async function slowPhase(course: Course, round: number, seconds: number): Promise<Phase> {
  const { stand, sockets, findings } = course;
  const api = stand.apis[0];
  const memory = memoryMb(api?.pid);
  for (const { name, ...group } of SLOW) {
    await open(course, { name: `${name} ${round}`, ...group, subscriptions: ['*'] });
    sockets.tell({ order: 'pause', name: `${name} ${round}` });
  }
  const before = await droppedSockets(api);
  const resumed = new Set<string>();
  const phase = await watch(course, seconds, memory, async () => {
    const dropped = await droppedSockets(api);
    for (const kind of ['raw', 'io'] as const) {
      // Some come to life again just when they are given up: those must see why.
      if (resumed.has(kind) || dropped[kind] - before[kind] < SOME) continue;
      resumed.add(kind);
      sockets.tell({ order: 'resume', name: `recovering ${kind} ${round}` });
    }
  });
  const dropped = await droppedSockets(api);
  for (const kind of ['raw', 'io'] as const) {
    const count = dropped[kind] - before[kind];
    course.context.progress(`${count} slow ${kind} sockets dropped`);
    findings.figures[`dropped ${kind}`] = Number(findings.figures[`dropped ${kind}`] ?? 0) + count;
    if (count < 40)
      findings.problems.push(`${count} of 40 slow sockets were closed (${kind}, round ${round})`);
    const ended = sockets.state(`recovering ${kind} ${round}`)?.ended ?? {};
    findings.figures[`came to life ${kind} ${round}`] = Object.entries(ended)
      .map(([how, n]) => `${how}×${n}`)
      .join(', ');
    if (!Object.keys(ended).some((how) => how.startsWith('1013')))
      findings.problems.push(`no socket that came to life again saw code 1013 (${kind}, round ${round})`);
  }
  for (const { name } of SLOW) sockets.tell({ order: 'close', name: `${name} ${round}` });
  return phase;
}

/** Half-open connections: the way to them is frozen, and so little is sent to some that only a ping can tell. */
async function openDead(course: Course): Promise<Proxy> {
  const proxy = await startProxy(Number(new URL(course.url).port));
  const url = `http://127.0.0.1:${proxy.port}`;
  await open(course, { name: 'dead raw', kind: 'websocket', count: 10, url, subscriptions: [] });
  await open(course, { name: 'dead io', kind: 'socket.io', count: 10, url, subscriptions: [[agentId(0)]] });
  proxy.freeze();
  return proxy;
}

export const slowSockets: FaultCase = {
  row: '13',
  name: 'slow and dead sockets among healthy ones',
  run: (context) =>
    onStand(context, ONE_NODE, async (stand, findings) => {
      const all = await beginCourse(context, stand, findings, { large: true });
      const { sockets, load } = all;
      let dead: Proxy | undefined;
      try {
        await openHealthy(all, 900);
        const without: Phase[] = [];
        const slow: Phase[] = [];
        const [rounds, quietSeconds, slowSeconds] = context.quick ? [1, 8, 35] : [3, 8, 35];
        context.progress('warming up');
        load.setRate(PER_SECOND);
        await watch(all, context.quick ? 5 : 10, 0);
        for (let round = 1; round <= rounds; round += 1) {
          context.progress(`round ${round}: healthy ones only`);
          load.phase('healthy');
          without.push(await watch(all, quietSeconds, memoryMb(stand.apis[0]?.pid)));
          context.progress(`round ${round}: with slow and dead ones`);
          load.phase('slow');
          dead ??= await openDead(all);
          slow.push(await slowPhase(all, round, slowSeconds));
        }
        load.phase('healthy');
        without.push(await watch(all, quietSeconds, memoryMb(stand.apis[0]?.pid)));
        if (!context.quick) await untilGone(all);
        await load.finish();
        await delay(1_000);
        for (const name of ['healthy raw', 'healthy io'])
          for (const [how, count] of Object.entries(sockets.state(name)?.ended ?? {}))
            findings.problems.push(`${count} healthy sockets were closed (${name}): ${how}`);
        await sockets.finish();
        const { entries } = await readLedger([load.ledgerFile]);
        const quiet = without.flatMap(windowsOf);
        const windows = [...quiet, ...slow.flatMap(windowsOf)];
        const found = await compareDeliveries(entries.values(), sockets.arrivalsFile, all.healthy, windows);
        judgeDeliveries(findings, found);
        judgeDelays(findings, found, quiet.length);
        judgeMemory(findings, without, slow);
      } finally {
        sockets.destroy();
        await dead?.close();
      }
      return { answerWithinMs: 1_000 };
    }),
};

/** Waits until only healthy sockets are left: what is dead is found out by pings, within a minute and a half. */
async function untilGone(course: Course): Promise<void> {
  for (const endsAt = Date.now() + 90_000; Date.now() < endsAt; await delay(500)) {
    const open = await openSocketsOf(course.url);
    if (open === course.healthy.length) return;
    course.context.progress(`${open} sockets are open, ${course.healthy.length} are healthy`);
  }
  course.findings.problems.push(`dead sockets still stand: ${await openSocketsOf(course.url)} are open`);
}
