import { readFileSync } from 'node:fs';
import { snapshotSchema, type Snapshot, type SnapshotInput } from '../../core/contracts/snapshot.ts';
import { findProjectFile } from '../../core/platform/projectRoot.ts';
import { nowSeconds } from '../../core/time.ts';

/** A small valid snapshot of this moment, with whatever is given in place of its own. */
export function snapshot(changes: Partial<SnapshotInput> = {}): SnapshotInput {
  return {
    timestamp: nowSeconds(),
    total_cpu_percent: 12.5,
    per_core_cpu_percent: [20, 5],
    system_memory_total_mb: 8000,
    system_memory_used_mb: 2000,
    top_processes: [{ pid: 42, name: 'node', cpu_percent: 20, memory_mb: 80.5 }],
    ...changes,
  };
}

let recorded: Snapshot[] | undefined;

/** The 900 snapshots recorded from a real agent, 2 s apart, moved so that the last one is of `endSeconds`. */
export function recordedSnapshots(endSeconds: number): Snapshot[] {
  recorded ??= readFileSync(findProjectFile('test/fixtures/agent-snapshots.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => snapshotSchema.parse(JSON.parse(line)));
  const shift = endSeconds - Math.max(...recorded.map(({ timestamp }) => timestamp));
  return recorded.map((one) => ({ ...one, timestamp: one.timestamp + shift }));
}
