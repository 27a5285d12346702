import { describe, expect, test } from '@jest/globals';
import { snapshotSchema } from '../../../../core/contracts/snapshot.ts';
import { toSnapshotRow } from '../../../../core/snapshot/row.ts';
import { readSeedRow } from '../../../../core/upgrade/seedRow.ts';

const NOW = 1_764_000_000;

const COLUMNS = {
  timestamp: NOW - 60,
  total_cpu_percent: 45.2,
  per_core_cpu_percent: [40, 50.25],
  system_memory_total_mb: 16_000,
  system_memory_used_mb: 8_000.5,
  top_processes: [] as unknown,
};

const read = (changes: Record<string, unknown>, createdMs: number | null = null) =>
  readSeedRow({ json: JSON.stringify({ ...COLUMNS, ...changes }), createdMs }, NOW);

/** As jsonb gives a process back: shorter keys first, then by the alphabet. */
const PROCESS = { pid: 7, name: 'a "b" é', memory_mb: 12, io_read_mb: 0.5, cpu_percent: 150.5 };

describe('a row of the service before', () => {
  test.each([
    ['without processes', {}],
    ['with a process whose optional fields are missing', { top_processes: [PROCESS] }],
    [
      'with every field',
      { top_processes: [{ ...PROCESS, thread_count: 3, io_write_mb: 1, handle_count: 9 }] },
    ],
    ['with fields that nobody knows', { top_processes: [{ ...PROCESS, user: 'root' }] }],
    ['of a clock that is some hours ahead', { timestamp: NOW + 50_000 }],
  ])('%s is the row that the API would have made of the same snapshot', (_, changes) => {
    const sent = snapshotSchema.parse({ ...COLUMNS, ...changes });
    expect(read(changes, 1_764_000_001_250)).toEqual(
      toSnapshotRow(sent, { agentId: 'default', receivedAtMs: 1_764_000_001_250 }),
    );
  });

  test('that does not say when it was written counts as written at its time', () => {
    expect(read({})).toMatchObject({ receivedAtMs: (NOW - 60) * 1000 });
  });

  test.each([
    ['a time that is none', { timestamp: 'Infinity' }, 'timestamp: '],
    ['no time', { timestamp: null }, 'timestamp: '],
    ['a time before 1970', { timestamp: -1 }, 'timestamp: '],
    ['a time in milliseconds', { timestamp: NOW * 1000 }, 'timestamp: more than a day in the future'],
    ['a CPU above 100', { total_cpu_percent: 250 }, 'total_cpu_percent: '],
    ['a CPU that is no number', { total_cpu_percent: 'NaN' }, 'total_cpu_percent: '],
    ['processes that are no list', { top_processes: { pid: 1 } }, 'top_processes: '],
    ['a process that is none', { top_processes: [null] }, 'top_processes.0: '],
    [
      'a process without a name',
      { top_processes: [{ ...PROCESS, name: undefined }] },
      'top_processes.0.name: ',
    ],
    ['a null in a process', { top_processes: [{ ...PROCESS, thread_count: null }] }, 'thread_count: '],
    ['thirteen processes', { top_processes: Array.from({ length: 13 }, () => PROCESS) }, 'top_processes: '],
  ])('with %s is refused, and the reason says where', (_, changes, reason) => {
    expect(read(changes)).toEqual(expect.stringContaining(reason));
  });

  test('with a number that JavaScript cannot hold is refused', () => {
    const json = JSON.stringify(COLUMNS).replace('45.2', '1e400');
    expect(readSeedRow({ json, createdMs: null }, NOW)).toContain('total_cpu_percent: ');
  });
});
