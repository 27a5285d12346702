import type { FaultCase } from '../case.ts';

function skipped(row: string, name: string, reason: string): FaultCase {
  return { row, name, skip: () => reason, run: () => Promise.reject(new Error(reason)) };
}

/** Rows that do not run here: each says why, and none counts as passed. */
export const skippedCases: FaultCase[] = [
  skipped(
    '7',
    'a failover of Redis Sentinel',
    'the service has no setting for Sentinel yet (REDIS_URL names one server)',
  ),
];
