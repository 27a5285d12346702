import { expect, test } from '@jest/globals';
import { snapshotSchema } from '../../../core/contracts/snapshot.ts';
import {
  createSystemSampler,
  type SystemInformation,
  type SystemProcess,
} from '../../../agent/systemSampler.ts';

function systemWith(list: SystemProcess[], load = 12.345): SystemInformation {
  return {
    currentLoad: async () => ({ currentLoad: load, cpus: [{ load }, { load: 100.0001 }] }),
    mem: async () => ({ total: 8 * 1024 ** 3, available: 2 * 1024 ** 3 }),
    processes: async () => ({ list }),
  };
}

const work = { pid: 7, name: 'work', cpu: 40, memRss: 2048 };

test('a machine without /proc gives a snapshot the contract takes', async () => {
  const sampler = createSystemSampler(systemWith([work]), 'darwin');
  await sampler.open();
  const snapshot = await sampler.sample(1_800_000_000);
  expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
  expect(snapshot).toMatchObject({
    timestamp: 1_800_000_000,
    total_cpu_percent: 12.35,
    per_core_cpu_percent: [12.35, 100],
    system_memory_total_mb: 8192,
    system_memory_used_mb: 6144,
    top_processes: [{ pid: 7, name: 'work', cpu_percent: 40, memory_mb: 2 }],
  });
});

test('on Windows the share of all cores becomes that of one, and the idle process is nobody', async () => {
  const idle = { pid: 0, name: 'System Idle Process', cpu: 60, memRss: 8 };
  const { top_processes: top } = await createSystemSampler(systemWith([idle, work]), 'win32').sample(1);
  expect(top.map(({ pid, cpu_percent: percent }) => [pid, percent])).toEqual([[7, 80]]);
});

test('figures a helper program failed to give are 0', async () => {
  const broken = { pid: 9, name: '\ud800\u0000', cpu: Number.NaN, memRss: -1 };
  const snapshot = await createSystemSampler(systemWith([broken], Number.NaN), 'darwin').sample(1);
  expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
  expect(snapshot.total_cpu_percent).toBe(0);
  expect(snapshot.top_processes).toMatchObject([{ name: '\ufffd\ufffd', cpu_percent: 0, memory_mb: 0 }]);
});
