import { historyEndpoints } from '../../core/contracts/endpoints/history.ts';
import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';
import { DEFAULT_AGENT_ID, type Snapshot } from '../../core/contracts/snapshot.ts';
import { InvalidRequestError, NotFoundError } from '../../core/errors.ts';
import { parseTime, timeFault } from '../../core/history/times.ts';
import { heldSeconds, type Sample } from '../../core/rollup/hold.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import type { HistoryReads } from './reads.ts';

/** `GET /api/metrics/at`: what a host was doing at one moment. */
export function metricsAtRoute({ history }: { history: HistoryReads | undefined }): Route {
  return route(historyEndpoints.at, {
    access: 'reader',
    isCostly: true,
    async handle(request) {
      const reads = requireHistory(history);
      const { agent, time: text } = request.query();
      const given = parseTime(text, Date.now() / 1000);
      if (given === undefined) throw new InvalidRequestError([timeFault('time')]);
      const time = Math.floor(given);
      return reads.answer(async () => {
        const sample = await reads.store.newestAt(agent, time);
        if (sample === undefined)
          throw new NotFoundError(
            `No snapshot of ${agent} at or before ${new Date(time * 1000).toISOString()}`,
          );
        const age = time - sample.timestamp;
        return {
          agent,
          time,
          age_seconds: age,
          held: age === 0 || age < (await heldOf(reads, agent, sample)),
          snapshot: snapshotOf(agent, sample),
        };
      });
    },
  });
}

/** How long a snapshot stands, in seconds: that depends on those around it. */
async function heldOf({ store }: HistoryReads, agentId: string, sample: Sample): Promise<number> {
  const around = { from: sample.timestamp - MAX_HOLD_SECONDS, to: sample.timestamp + MAX_HOLD_SECONDS + 1 };
  const ordered: Sample[] = [];
  for await (const page of store.samplesOf(agentId, around)) ordered.push(...page);
  return heldSeconds(
    ordered,
    ordered.findIndex(({ snapshotId }) => snapshotId === sample.snapshotId),
  );
}

function snapshotOf(agentId: string, { snapshotId: _, ...snapshot }: Sample): Snapshot {
  return agentId === DEFAULT_AGENT_ID ? snapshot : { ...snapshot, agent_id: agentId };
}
