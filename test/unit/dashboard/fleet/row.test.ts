import { describe, expect, test } from '@jest/globals';
import {
  OFFLINE_FLOOR_MS,
  OFFLINE_INTERVALS,
  STALE_FLOOR_MS,
  STALE_INTERVALS,
  ASSUMED_INTERVAL_MS,
} from '../../../../core/fleet/agentState.ts';
import { DEFAULT_AGENT_ID } from '../../../../core/contracts/snapshot.ts';
import { DEFAULT_AGENT, type ListedSnapshot } from '../../../../dashboard/fleet/defaultAgent.ts';
import {
  conditionAt,
  memoryShare,
  rowOfLine,
  rowsOfSnapshots,
  silenceOf,
  withLine,
  withState,
} from '../../../../dashboard/fleet/row.ts';
import { figures, line, NOW, row } from './rows.ts';

function snapshotAt(timestamp: number, changes: Partial<ListedSnapshot> = {}): ListedSnapshot {
  return {
    timestamp,
    total_cpu_percent: 20,
    system_memory_used_mb: 1,
    system_memory_total_mb: 2,
    top_processes: [],
    ...changes,
  };
}

describe('a host', () => {
  test('that reports is online, and heard of now', () => {
    const heard = withLine(row('a', { state: 'offline', lastSeen: NOW - 900 }), line('a', 55), NOW);
    expect(heard).toMatchObject({ state: 'online', lastSeen: NOW, latest: { cpu: 55 } });
    expect(heard.spark.peaks.at(-1)).toBe(55);
  });

  test('that nobody knew has no name but its id', () => {
    expect(rowOfLine(line('a'), NOW)).toMatchObject({ id: 'a', name: 'a', labels: {}, interval: undefined });
  });

  test('is what the server tells, and was heard of no earlier than was known', () => {
    const told = withState(row('a'), { agent_id: 'a', state: 'stale', last_seen: NOW - 10 });
    expect(told).toMatchObject({ state: 'stale', lastSeen: NOW });
  });

  test('is judged by its silence as the server judges', () => {
    const seconds = (ms: number) => ms / 1000;
    for (const interval of [undefined, 1, 2, 10, 3600]) {
      const usual = interval ?? seconds(ASSUMED_INTERVAL_MS);
      const stale = Math.max(seconds(STALE_FLOOR_MS), STALE_INTERVALS * usual);
      const offline = Math.max(seconds(OFFLINE_FLOOR_MS), OFFLINE_INTERVALS * usual);
      const after = (silence: number) => silenceOf(row('a', { interval }), NOW + silence);
      expect([stale - 1, stale, offline - 1, offline].map(after)).toEqual([
        'online',
        'stale',
        'stale',
        'offline',
      ]);
    }
  });

  test('does not pass for online when its report is overdue, and only the server says that it is gone', () => {
    expect(conditionAt(row('a'), NOW + 9)).toBe('online');
    expect(conditionAt(row('a'), NOW + 10)).toBe('stale');
    expect(conditionAt(row('a'), NOW + 10_000)).toBe('stale');
    expect(conditionAt(row('a', { state: 'offline' }), NOW)).toBe('offline');
  });

  test('uses a share of its memory, where that is known', () => {
    expect(memoryShare(row('a'))).toBe(25);
    expect(memoryShare(row('a', { latest: figures({ memoryTotalMb: 0 }) }))).toBeUndefined();
    expect(memoryShare(row('a', { latest: undefined }))).toBeUndefined();
  });
});

describe('without a list of agents', () => {
  test('hosts are those of the last minutes, with the interval they had', () => {
    const snapshots = [NOW - 64, NOW - 62, NOW - 60, NOW - 58].flatMap((at) => [
      snapshotAt(at, { agent_id: 'gone' }),
      snapshotAt(at + 58),
    ]);
    const [gone, here] = rowsOfSnapshots(snapshots, NOW);
    expect(gone).toMatchObject({ id: 'gone', state: 'offline', interval: 2, lastSeen: NOW - 58 });
    expect(here).toMatchObject({ id: 'default', state: 'online', interval: 2, lastSeen: NOW });
    expect(here?.spark.peaks.at(-1)).toBe(20);
  });

  test('a host whose clock is ahead was not heard of in the future', () => {
    expect(rowsOfSnapshots([snapshotAt(NOW + 300)], NOW)[0]?.lastSeen).toBe(NOW);
  });

  test('the busiest process is the top one', () => {
    const process = (name: string, cpu: number) => ({
      pid: 1,
      name,
      cpu_percent: cpu,
      memory_mb: 1,
      thread_count: 1,
      io_read_mb: 0,
      io_write_mb: 0,
      handle_count: 0,
    });
    const top_processes = [process('a', 1), process('b', 9), process('c', 3)];
    expect(rowsOfSnapshots([snapshotAt(NOW, { top_processes })], NOW)[0]?.latest?.top).toEqual({
      name: 'b',
      cpu: 9,
    });
    expect(DEFAULT_AGENT).toBe(DEFAULT_AGENT_ID);
  });
});
