import { readFile } from 'node:fs/promises';
import type { AlertSample } from '../../core/contracts/queues.ts';
import { snapshotSchema } from '../../core/contracts/snapshot.ts';
import { toQueuedRow, toSnapshotRow } from '../../core/snapshot/row.ts';

/** Seconds between two snapshots of a host. */
export const STEP_SECONDS = 2;

/** Of a minute a hot host is hot for this long, so that its windows fire and are resolved all the time. */
const HOT_SECONDS = 40;

/** What a hot host is at, above every threshold on CPU. */
const HOT_PERCENT = 95;

/** A quiet host's CPU stays below this. */
const QUIET_PERCENT = 60;

export function agentIdOf(number: number): string {
  return `bench-${number}`;
}

/** Makes what hosts report: recorded snapshots, with a CPU figure as it is to be. */
export interface SampleMaker {
  /** Host `number` at its report `round`. */
  sample(number: number, round: number, receivedAtMs: number): AlertSample;
}

/** @param hotOneIn every n-th host is hot by turns */
export async function createSampleMaker(
  snapshotsFile: string,
  { hotOneIn, startSeconds }: { hotOneIn: number; startSeconds: number },
): Promise<SampleMaker> {
  const lines = (await readFile(snapshotsFile, 'utf8')).trim().split('\n');
  const recorded = lines.map((line) => {
    const snapshot = snapshotSchema.parse(JSON.parse(line));
    return toQueuedRow(toSnapshotRow(snapshot, { agentId: 'x', receivedAtMs: 0 }));
  });
  return {
    sample(number, round, receivedAtMs) {
      const row = recorded[(number * 7 + round) % recorded.length];
      if (row === undefined) throw new Error(`${snapshotsFile} is empty`);
      // Hosts are hot at different times, so that what is published spreads evenly.
      const isHot = number % hotOneIn === 0 && (round * STEP_SECONDS + number) % 60 < HOT_SECONDS;
      return {
        agentId: agentIdOf(number),
        timestamp: startSeconds + round * STEP_SECONDS,
        cpuPercent: isHot ? HOT_PERCENT : Math.min(row.totalCpuPercent, QUIET_PERCENT),
        memoryUsedMb: row.systemMemoryUsedMb,
        memoryTotalMb: row.systemMemoryTotalMb,
        receivedAtMs,
        measurements: row.measurements,
      };
    },
  };
}
