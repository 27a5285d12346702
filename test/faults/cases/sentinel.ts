import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type CaseContext, type CaseResult, type FaultCase, type Findings } from '../case.ts';
import { listenLive, type LiveEar } from '../liveEar.ts';
import type { Load } from '../load.ts';
import { startRedisGroup, type BreakableGroup } from '../redisGroup.ts';

/** Without a hand, from the fault on. The Sentinels of the group take 2 s of it to believe that it is one. */
const RESUME_MS = 30_000;

/** No acknowledgement for this long is a standstill; the client tells of them four times a second. */
const STANDSTILL_MS = 1_000;

const AFTERWARDS = 100;

/** How long after now the first acknowledgement behind a standstill came, in ms; undefined where none came in time. */
async function untilWritesResume(load: Load): Promise<number | undefined> {
  const beganAt = Date.now();
  let known = load.tally.acknowledged;
  let changedAt = beganAt;
  for (; Date.now() - beganAt < RESUME_MS; await delay(20)) {
    if (load.tally.acknowledged === known) continue;
    if (Date.now() - changedAt > STANDSTILL_MS) return Date.now() - beganAt;
    known = load.tally.acknowledged;
    changedAt = Date.now();
  }
  return undefined;
}

/** How long after now the live channel was heard again, in ms. */
async function untilHeard(ear: LiveEar, sinceMs: number): Promise<number | undefined> {
  for (; Date.now() - sinceMs < RESUME_MS; await delay(20)) {
    if (ear.lastMs > sinceMs + STANDSTILL_MS) return ear.lastMs - sinceMs;
  }
  return undefined;
}

/** How far the replicas are behind when the primary dies that had got ahead of them. */
const LEAD_MS = 5_000;

type Fault = 'killed' | 'killed 5 s ahead of its replicas' | 'frozen';

async function failOver(fault: Fault, { context, group, load, ear, findings }: Course): Promise<void> {
  const { problems, figures } = findings;
  context.progress(`the primary is ${fault}, ${load.tally.acknowledged} acknowledged`);
  const ahead = fault !== 'killed' && fault !== 'frozen';
  if (ahead) {
    load.phase('replicas held back');
    await group.holdReplicas();
    await delay(LEAD_MS);
  }
  load.phase(`primary ${fault}`);
  const beganAt = Date.now();
  await (fault === 'frozen' ? group.freeze() : group.kill());
  if (ahead) await group.restartReplicas();
  const [resumedMs, heardMs] = await Promise.all([untilWritesResume(load), untilHeard(ear, beganAt)]);
  const note = (figure: string, ms: number | undefined) => {
    const seconds = ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`;
    figures[figure] = figures[figure] === undefined ? seconds : `${figures[figure]}, ${seconds}`;
  };
  note('writes again after', resumedMs);
  note('live again after', heardMs);
  if (resumedMs === undefined) problems.push(`no writes ${RESUME_MS} ms after the primary was ${fault}`);
  if (heardMs === undefined) problems.push(`nothing live ${RESUME_MS} ms after the primary was ${fault}`);
  load.phase(`after ${fault}`);
  await load.untilAcknowledged(load.tally.acknowledged + AFTERWARDS);
  // It comes back as what it was, and takes writes from whoever still believes it, until it is told otherwise.
  if (fault === 'frozen') group.thaw();
  else await group.restart();
  context.progress('the old primary becomes a replica');
  await group.untilWhole();
  figures['kills'] = (Number(figures['kills']) || 0) + (fault === 'frozen' ? 0 : ahead ? 3 : 1);
}

interface Course {
  context: CaseContext;
  group: BreakableGroup;
  load: Load;
  ear: LiveEar;
  findings: Findings;
}

async function run(context: CaseContext, nodeConfig: string[]): Promise<CaseResult> {
  let group: BreakableGroup | undefined;
  return onStand(
    context,
    {
      startRedis: async (directory, server) => (group = await startRedisGroup(directory, server, nodeConfig)),
    },
    async (stand, findings) => {
      if (group === undefined) throw new Error('the stand has started another Redis');
      const load = stand.startLoad();
      const ear = await listenLive(stand.urls[0] ?? '');
      try {
        await load.untilAcknowledged(AFTERWARDS);
        const faults: Fault[] = context.quick
          ? ['killed 5 s ahead of its replicas', 'frozen']
          : ['killed', 'frozen', 'killed', 'frozen', 'killed 5 s ahead of its replicas'];
        for (const fault of faults) await failOver(fault, { context, group, load, ear, findings });
        if (ear.closed) findings.problems.push('a live client was cut off');
      } finally {
        ear.close();
      }
      return { answerWithinMs: 1_000, lossTolerated: true };
    },
  );
}

export const sentinelFailover: FaultCase = {
  row: '7',
  name: 'Sentinel failovers: the primary killed, and frozen so that it comes back as a stale one',
  run: (context) => run(context, []),
};

/** A write counts only where a replica was heard of within this many seconds. */
const REPLICA_LAG_SECONDS = 1;

export const sentinelWithQuorum: FaultCase = {
  row: '7-replicas',
  name: 'the same with min-replicas-to-write 1: a primary that is alone refuses',
  run: (context) => run(context, ['min-replicas-to-write 1', `min-replicas-max-lag ${REPLICA_LAG_SECONDS}`]),
};
