import { onStand, type FaultCase } from '../case.ts';
import { openSocketsOf } from '../liveState.ts';
import { memoryMb, openFilesLimit } from '../processFigures.ts';
import { beginCourse, ONE_NODE, open, watch } from '../socketCourse.ts';

/** A socket that is not read costs the API its connection, and no more. */
const MAX_IDLE_KB = 64;

/** Every plain socket gets each snapshot, whatever it wants: with thousands of them, few are enough for a load. */
const PER_SECOND = 2;

export const idleSockets: FaultCase = {
  row: '13-idle',
  name: 'as many idle sockets as fit, up to 10,000',
  run: (context) =>
    onStand(context, ONE_NODE, async (stand, findings) => {
      const all = await beginCourse(context, stand, findings, { perSecond: PER_SECOND });
      const { sockets, load } = all;
      const pid = stand.apis[0]?.pid;
      try {
        // Both ends hold one file for each socket, and some for themselves.
        const half = Math.floor(Math.min(context.quick ? 1_000 : 10_000, openFilesLimit() - 500) / 2);
        load.phase('alone');
        await watch(all, 5, 0);
        const memory = memoryMb(pid);
        load.phase('opening');
        for (const kind of ['websocket', 'socket.io'] as const) {
          context.progress(`opening ${half} (${kind})`);
          const before = memoryMb(pid);
          await open(all, { name: `idle ${kind}`, kind, count: half, subscriptions: [undefined] });
          findings.figures[`KB a socket (${kind})`] = Math.round(((memoryMb(pid) - before) * 1_024) / half);
        }
        load.phase('idle');
        const phase = await watch(all, context.quick ? 10 : 30, memory);
        const opened = await openSocketsOf(all.url);
        const kilobytes = Math.round((phase.grownMb * 1_024) / opened);
        Object.assign(findings.figures, {
          idle: opened,
          'KB a socket, at most': kilobytes,
          'API CPU %': Math.round(phase.cpuPercent),
        });
        if (opened < 2 * half) findings.problems.push(`${opened} of ${2 * half} idle sockets are open`);
        if (kilobytes > MAX_IDLE_KB)
          findings.problems.push(`an idle socket takes ${kilobytes} KB, limit ${MAX_IDLE_KB}`);
        await load.untilAcknowledged(load.tally.acknowledged + 10);
      } finally {
        sockets.destroy();
      }
      return { answerWithinMs: 1_000 };
    }),
};
