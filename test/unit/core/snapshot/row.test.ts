import { describe, expect, test } from '@jest/globals';
import { persistBatchSchema } from '../../../../core/contracts/queues.ts';
import {
  DEFAULT_AGENT_ID,
  processSampleSchema,
  snapshotSchema,
  type ProcessSample,
  type Snapshot,
} from '../../../../core/contracts/snapshot.ts';
import { isCanonicalSnapshot } from '../../../../core/snapshot/canonical.ts';
import { fromQueuedRow, toQueuedRow, toSnapshot, toSnapshotRow } from '../../../../core/snapshot/row.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';

const canonical = (value: unknown) => JSON.stringify(snapshotSchema.parse(value));

function throughQueue(row: ReturnType<typeof toSnapshotRow>) {
  const payload: unknown = JSON.parse(JSON.stringify({ snapshots: [toQueuedRow(row)] }));
  const [queued] = persistBatchSchema.parse(payload).snapshots;
  if (queued === undefined) throw new Error('nothing arrived');
  return fromQueuedRow(queued);
}

test.each(['web-01', 'default'])(
  'what a row of %s says, after its way through a queue, is to the byte what was sent',
  (agentId) => {
    for (const sent of recordedSnapshots(1_800_000_000)) {
      const row = toSnapshotRow(sent, { agentId, receivedAtMs: 1 });
      const arrived = throughQueue(row);
      expect(arrived).toEqual({ ...row, measurements: Buffer.from(row.measurements) });
      const identified = agentId === 'default' ? sent : { ...sent, agent_id: agentId };
      expect(JSON.stringify(toSnapshot(arrived))).toBe(canonical(identified));
    }
  },
);

describe('each field of the contract', () => {
  // Of each field two values, neither of them what it has where it is left out. The compiler asks for a new field's.
  const PROCESS_FIELDS: { [Field in keyof Required<ProcessSample>]: ProcessSample[Field][] } = {
    pid: [71, 72],
    name: ['node', 'postgres'],
    cpu_percent: [12.5, 13],
    memory_mb: [512.25, 513],
    thread_count: [11, 12],
    io_read_mb: [1.5, 2],
    io_write_mb: [2.5, 3],
    handle_count: [31, 32],
  };
  const FIELDS: { [Field in keyof Required<Snapshot>]: Required<Snapshot>[Field][] } = {
    timestamp: [1_800_000_000, 1_800_000_002],
    total_cpu_percent: [45.25, 46],
    per_core_cpu_percent: [[40.5, 50], [40.5]],
    system_memory_total_mb: [16_000, 32_000],
    system_memory_used_mb: [8_000.5, 8_001],
    top_processes: [[valueOf(PROCESS_FIELDS, 0)], []],
    agent_id: ['web-01', 'web-02'],
  };

  function valueOf<Whole>(fields: { [Field in keyof Whole]: Whole[Field][] }, which: number): Whole {
    return Object.fromEntries(
      Object.entries<unknown[]>(fields).map(([field, values]) => [field, values[which]]),
    ) as Whole;
  }
  const snapshot = valueOf<Required<Snapshot>>(FIELDS, 0);
  const [process] = snapshot.top_processes as [ProcessSample];
  const rowOf = (whole: Required<Snapshot>) =>
    toSnapshotRow(whole, { agentId: whole.agent_id ?? DEFAULT_AGENT_ID, receivedAtMs: 1 });

  test('is known to the test, and to the check by sight', () => {
    expect(Object.keys(FIELDS)).toEqual(Object.keys(snapshotSchema.shape));
    expect(Object.keys(PROCESS_FIELDS)).toEqual(Object.keys(processSampleSchema.shape));
    expect(canonical(snapshot)).toBe(JSON.stringify(snapshot));
    expect(isCanonicalSnapshot(snapshot)).toBe(true);
  });

  const changed: [string, Required<Snapshot>][] = [
    ...Object.entries(FIELDS).map(([field, [, other]]): [string, Required<Snapshot>] => [
      field,
      { ...snapshot, [field]: other },
    ]),
    ...Object.entries(PROCESS_FIELDS).map(([field, [, other]]): [string, Required<Snapshot>] => [
      `top_processes.${field}`,
      { ...snapshot, top_processes: [{ ...process, [field]: other }] },
    ]),
  ];
  test.each(changed)('comes through the queue, and makes another snapshot of it: %s', (_field, other) => {
    expect(toSnapshot(throughQueue(rowOf(other)))).toEqual(other);
    expect(rowOf(other).snapshotId).not.toBe(rowOf(snapshot).snapshotId);
  });
});
