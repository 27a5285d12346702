import { describe, expect, test } from '@jest/globals';
import { createFleetChanges, fleetLine } from '../../../../api/live/fleet.ts';
import type { LiveSnapshot } from '../../../../core/contracts/live.ts';
import { snapshotSchema, type SnapshotInput } from '../../../../core/contracts/snapshot.ts';
import { snapshot } from '../../../support/snapshots.ts';

function live(agent_id: string, changes: Partial<SnapshotInput> = {}): LiveSnapshot {
  return { ...snapshotSchema.parse(snapshot({ timestamp: 100, ...changes })), agent_id };
}

describe('the line of an agent', () => {
  test('holds the figures of a list of hosts, and the process that uses most CPU', () => {
    const processes = [5, 80, 80, 20].map((cpu_percent, i) => ({
      pid: i,
      name: `p${i}`,
      cpu_percent,
      memory_mb: 1,
    }));
    expect(fleetLine(live('web-01', { total_cpu_percent: 42, top_processes: processes }))).toEqual({
      agent_id: 'web-01',
      timestamp: 100,
      total_cpu_percent: 42,
      system_memory_used_mb: 2000,
      system_memory_total_mb: 8000,
      top_process: { name: 'p1', cpu_percent: 80 },
    });
  });

  test('has no process where none was sent', () => {
    expect(fleetLine(live('web-01', { top_processes: [] })).top_process).toBeNull();
  });
});

describe('the changes since they were last asked for', () => {
  test('are one line for each agent, its newest', () => {
    const fleet = createFleetChanges();
    fleet.note(live('a', { timestamp: 100, total_cpu_percent: 1 }));
    fleet.note(live('b', { timestamp: 100, total_cpu_percent: 2 }));
    fleet.note(live('a', { timestamp: 102, total_cpu_percent: 3 }));
    const lines = fleet
      .take()
      .map(({ agent_id, timestamp, total_cpu_percent }) => [agent_id, timestamp, total_cpu_percent]);
    expect(lines).toEqual([
      ['a', 102, 3],
      ['b', 100, 2],
    ]);
  });

  test('do not let a late snapshot stand for the newest', () => {
    const fleet = createFleetChanges();
    fleet.note(live('a', { timestamp: 102 }));
    fleet.note(live('a', { timestamp: 100 }));
    expect(fleet.take().map(({ timestamp }) => timestamp)).toEqual([102]);
  });

  test('take the later one of a second', () => {
    const fleet = createFleetChanges();
    fleet.note(live('a', { total_cpu_percent: 1 }));
    fleet.note(live('a', { total_cpu_percent: 2 }));
    expect(fleet.take().map(({ total_cpu_percent }) => total_cpu_percent)).toEqual([2]);
  });

  test('are told once', () => {
    const fleet = createFleetChanges();
    fleet.note(live('a'));
    expect(fleet.take()).toHaveLength(1);
    expect(fleet.take()).toEqual([]);
    fleet.note(live('b'));
    expect(fleet.take().map(({ agent_id }) => agent_id)).toEqual(['b']);
  });
});
