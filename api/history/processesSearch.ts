import { z } from 'zod';
import { processEndpoints } from '../../core/contracts/endpoints/processes.ts';
import { processNameSchema } from '../../core/contracts/processes.ts';
import { AGENT_ID_PATTERN } from '../../core/contracts/snapshot.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import { cpuSecondsOf } from '../../core/history/figures.ts';
import { alignOutward } from '../../core/history/steps.ts';
import { countedName } from '../../core/rollup/processTotals.ts';
import type { FoundProcess } from '../../core/stores/postgres/fleetHistory.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import type { HistoryReads } from './reads.ts';
import { rangeOf } from './historyQuery.ts';

/** `GET /api/processes/search`: where a process ran, and when. */
export function searchProcessesRoute({ history }: { history: HistoryReads | undefined }): Route {
  return route(processEndpoints.search, {
    access: 'reader',
    isCostly: true,
    async handle(request) {
      const reads = requireHistory(history);
      const { name, match, limit, cursor, agent, label, ...texts } = request.query();
      const range = alignOutward(rangeOf(texts, Date.now() / 1000), 3_600);
      const after = cursor === undefined ? undefined : placeOf(cursor);
      return reads.answer(async () => {
        const { hoursUntil = 0 } = await reads.store.fleetRolledUp();
        const counted = countedName(name);
        const agents = await reads.agentsAsked({ agent, label });
        const lines = await reads.fleet.search({
          agents,
          name: counted,
          match,
          range,
          limit: limit + 1,
          after,
        });
        const found = lines.slice(0, limit);
        return {
          name,
          match,
          ...range,
          until: Math.floor(hoursUntil),
          found: found.map(lineOf),
          next: lines.length > limit ? cursorOf(found.at(-1)) : null,
        };
      });
    },
  });
}

function lineOf({ agentId, name, firstSeconds, lastSeconds, cpuUnits, samples }: FoundProcess) {
  return {
    agent: agentId,
    name,
    first_seen: firstSeconds,
    last_seen: lastSeconds,
    cpu_seconds: cpuSecondsOf(cpuUnits),
    samples,
  };
}

const placeSchema = z.tuple([z.string().regex(AGENT_ID_PATTERN), processNameSchema]);

function cursorOf(line: FoundProcess | undefined): string | null {
  if (line === undefined) return null;
  return Buffer.from(JSON.stringify([line.agentId, line.name])).toString('base64url');
}

/** @throws {InvalidRequestError} where it is none of ours */
function placeOf(cursor: string): Pick<FoundProcess, 'agentId' | 'name'> {
  try {
    const [agentId, name] = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { agentId, name };
  } catch {
    const msg = 'Must be next of the answer before';
    throw new InvalidRequestError([{ loc: ['query', 'cursor'], msg, type: 'invalid_cursor' }]);
  }
}
