import { join } from 'node:path';
import { onStand, type CaseContext, type FaultCase, type Findings } from '../case.ts';
import { readLedger } from '../ledger.ts';
import { findPm2, reasonWithout } from '../packages.ts';
import { startUnderPm2, type Pm2 } from '../pm2.ts';
import type { Stand } from '../stand.ts';

const WORKERS = ['worker-timeline', 'worker-persist', 'worker-alerts'] as const;

/** DRAIN_SECONDS and what PM2 gives on top of it in `ecosystem.config.js`; after that it kills. */
const KILL = /still alive after|SIGKILL/;

async function reloadUnderLoad(
  context: CaseContext,
  stand: Stand,
  pm2: Pm2,
  { problems, figures }: Findings,
): Promise<void> {
  const load = stand.startLoad();
  await load.untilAcknowledged(100);
  load.phase('reloads');
  const rounds = context.quick ? 3 : 20;
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    context.progress(`reload ${round + 1} of ${rounds}, ${load.tally.acknowledged} acknowledged`);
    const began = performance.now();
    await pm2.reload('api');
    times.push(performance.now() - began);
    await pm2.reload(WORKERS[round % WORKERS.length] ?? '');
  }
  await load.finish();
  await stand.untilDrained();
  figures['reloads'] = `${rounds} of the API, ${rounds} of workers`;
  figures['reload of the API s'] = (times.reduce((sum, ms) => sum + ms, 0) / rounds / 1_000).toFixed(1);

  const { timings } = await readLedger([load.ledgerFile]);
  const failed = Object.entries({ ...timings.get('reloads')?.byStatus }).filter(
    ([status]) => status !== '200',
  );
  for (const [status, count] of failed)
    problems.push(`${count} requests failed during the reloads (${status === '0' ? 'cut off' : status})`);
  const service = await pm2.serviceLog();
  for (const name of ['api', 'workers'])
    if (!service.includes(`"name":"${name}"`)) problems.push(`the log of the app has no line of ${name}`);
  const stalled = service.split('\n').filter((line) => line.includes('job of a worker that is gone')).length;
  if (stalled > 0) problems.push(`${stalled} jobs stalled: a worker left without finishing them`);
  const unclean = service.split('\n').filter((line) => line.includes('"clean":false')).length;
  if (unclean > 0) problems.push(`${unclean} processes did not stop in good order before their deadline`);
  // That it was really told, many times.
  const stopped = service.split('\n').filter((line) => line.includes('"clean":true')).length;
  figures['stopped in good order'] = stopped;
  if (stopped < 3 * rounds) problems.push(`only ${stopped} processes stopped in ${rounds} reloads`);
  if (KILL.test(await pm2.daemonLog())) problems.push('PM2 had to kill a process that did not end in time');
}

export const reloaded: FaultCase = {
  row: '14',
  name: 'pm2 reload of the API and the workers under load, with the ecosystem file as it is delivered',
  skip: () => reasonWithout('PM2', findPm2),
  run: (context) =>
    onStand(context, { apis: 1, startServices: false }, async (stand, findings) => {
      const directory = join(context.ground.directory, 'under-pm2');
      const pm2 = await startUnderPm2(directory, {
        ...stand.env,
        PORT: new URL(stand.urls[0] ?? '').port,
        API_INSTANCES: '2',
      });
      try {
        await reloadUnderLoad(context, stand, pm2, findings);
      } finally {
        await pm2.close();
      }
      return { answerWithinMs: 1_000, noRework: true };
    }),
};
