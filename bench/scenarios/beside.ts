import { loadConfig } from '../../core/config.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { migrate } from '../../core/schema/migrate.ts';
import { openDataset } from '../history/dataset.ts';
import { startLoad } from '../load/load.ts';
import type { LoadPlan } from '../load/plan.ts';
import { agentName } from '../load/requests.ts';
import { measurementOf, measureWindow, planFor, withLoad } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario, Subject } from '../scenario.ts';
import { MISSING, onHistory, READERS } from './history.ts';

const log = createLogger({ level: 'warn', name: 'bench' });

/** What 1,000 agents send that report every 2 s. */
const PER_SECOND = 500;

const DAY = 86_400;

/** Questions of every kind, each about another host. */
function questions(endSeconds: number, agents: number): string[] {
  return Array.from({ length: 300 }, (_, i) => {
    const agent = agentName((i * 37) % agents);
    const range = (seconds: number) => `from=${endSeconds - seconds}&to=${endSeconds}`;
    return [
      `/api/metrics/history?agent=${agent}&${range(DAY)}&step=60`,
      `/api/metrics/history?agent=${agent}&${range(30 * DAY)}`,
      `/api/processes/top?agent=${agent}&${range(7 * DAY)}`,
      '/api/agents?limit=1000',
    ];
  }).flat();
}

/**
 * What is acknowledged by the API alone, without workers: what is asked for lies in a database that nothing is to be added
 * to, and what is taken in waits in Redis.
 */
function acknowledged(name: string, plan: Partial<LoadPlan>, isBeside: boolean): Subject {
  return {
    name,
    async measure(bench: Bench): Promise<Measurement | { skipped: string }> {
      const dataset = await openDataset();
      if (dataset === undefined) return { skipped: MISSING };
      const { endSeconds, agents } = dataset.description;
      try {
        await migrate({ dsn: dataset.dsn, table: loadConfig({}).postgres.table, log });
        return await withLoad(bench, onHistory(bench, dataset), plan, async (service, load) => {
          const gets = isBeside ? questions(endSeconds, agents) : [];
          const readers = isBeside
            ? await startLoad(planFor(bench, service, { gets, connections: READERS }))
            : undefined;
          try {
            const roles = { ...service.roles, ...(readers && { readers: [readers.pid] }) };
            readers?.start();
            load.start();
            const { measured, usage } = await measureWindow(bench, { ...service, roles }, load);
            return measurementOf(measured, usage, {}, load);
          } finally {
            readers?.destroy();
          }
        });
      } finally {
        await dataset.close();
      }
    },
  };
}

/** What questions about a long history cost those who send: two readers, who ask as soon as they are answered. */
export const beside: Scenario = {
  name: 'beside',
  title: `Acknowledged beside questions about a long history, ${READERS} readers, workers off`,
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ['all there is, alone'],
  subjects: () => [
    acknowledged(`${PER_SECOND}/s, alone`, { perSecond: PER_SECOND }, false),
    acknowledged(`${PER_SECOND}/s, beside`, { perSecond: PER_SECOND }, true),
    acknowledged('all there is, alone', {}, false),
    acknowledged('all there is, beside', {}, true),
  ],
};
