import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { persistBatchSchema } from '../../../../core/contracts/queues.ts';
import { snapshotSchema, type Snapshot } from '../../../../core/contracts/snapshot.ts';
import { toQueuedRow, toSnapshotRow } from '../../../../core/snapshot/row.ts';
import { snapshotIdentity } from '../../../../core/snapshot/identity.ts';
import { anyMeasurements } from '../../../support/measurements.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';

const anyFigure = () =>
  fc.oneof(
    fc.constantFrom(0, -0, 0.01, 99.99),
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.nat({ max: 3 }),
  );

/** Snapshots that are often alike. */
function anySnapshot(): fc.Arbitrary<Snapshot> {
  return fc
    .tuple(fc.nat({ max: 2 }), anyFigure(), anyFigure(), anyFigure(), anyMeasurements())
    .map((drawn) => {
      const [timestamp, total_cpu_percent, system_memory_total_mb, system_memory_used_mb, measurements] =
        drawn;
      const { per_core_cpu_percent, top_processes } = measurements;
      return {
        timestamp,
        total_cpu_percent,
        per_core_cpu_percent,
        system_memory_total_mb,
        system_memory_used_mb,
        top_processes,
      };
    });
}

const identify = (agentId: string, snapshot: Snapshot, receivedAtMs = 1) =>
  toSnapshotRow(snapshot, { agentId, receivedAtMs }).snapshotId;

test('the same snapshot of the same agent has the same identity, for ever', () => {
  // Rows stored by earlier versions are known by it: a change of this value stores everything twice.
  const [recorded] = recordedSnapshots(1_800_000_000) as [Snapshot];
  expect(identify('web-01', recorded)).toBe('fa380275-ab4d-a8f1-ceb2-35062f88e4fe');
  expect(identify('web-01', recorded, 2)).toBe(identify('web-01', recorded));
});

test('two snapshots have one identity if and only if their agent and their canonical JSON are the same', () => {
  const agents = fc.constantFrom('a', 'ab', 'default');
  fc.assert(
    fc.property(
      agents,
      agents,
      anySnapshot(),
      anySnapshot(),
      fc.boolean(),
      (agent, otherAgent, one, other, again) => {
        const second = again ? snapshotSchema.parse(JSON.parse(JSON.stringify(one))) : other;
        const same = agent === otherAgent && JSON.stringify(one) === JSON.stringify(second);
        expect(identify(agent, one) === identify(otherAgent, second)).toBe(same);
      },
    ),
  );
});

test('each field counts', () => {
  const row = toSnapshotRow(
    { ...(recordedSnapshots(1_800_000_000)[0] as Snapshot) },
    { agentId: 'web-01', receivedAtMs: 1 },
  );
  const changes = [
    { agentId: 'web-02' },
    { timestamp: row.timestamp + 1 },
    { totalCpuPercent: 99 },
    { systemMemoryTotalMb: 1 },
    { systemMemoryUsedMb: 1 },
    { measurements: new Uint8Array([1, 0, 0]) },
  ];
  const identities = changes.map((change) => snapshotIdentity({ ...row, ...change }));
  expect(new Set([row.snapshotId, ...identities]).size).toBe(changes.length + 1);
});

test('every identity is a UUID that the queue and PostgreSQL take', () => {
  fc.assert(
    fc.property(anySnapshot(), (snapshot) => {
      const row = toQueuedRow(toSnapshotRow(snapshot, { agentId: 'web-01', receivedAtMs: 1 }));
      expect(z.guid().safeParse(row.snapshotId).success).toBe(true);
      expect(persistBatchSchema.safeParse({ snapshots: [row] }).success).toBe(true);
    }),
  );
});
