import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { snapshotSchema } from '../../../core/contracts/snapshot.ts';
import { createProcSampler, readPageSizeBytes } from '../../../agent/procSampler.ts';

let root: string;
let nowMs: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'topline-proc-'));
  nowMs = 0;
  setMachine({ busy: 100, idle: 900, uptimeSeconds: 1000 });
  put('meminfo', 'MemTotal: 4096000 kB\nMemFree: 1 kB\nMemAvailable: 1024000 kB\n');
});

afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string | Buffer): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

function setMachine({
  busy,
  idle,
  uptimeSeconds,
}: {
  busy: number;
  idle: number;
  uptimeSeconds: number;
}): void {
  const columns = `${busy} 0 0 ${idle} 0 0 0 0 0 0`;
  // A big machine's interrupt line is longer than the reader's first buffer.
  put('stat', `cpu  ${columns}\ncpu0 ${columns}\nintr ${'0 '.repeat(20_000)}\n`);
  put('uptime', `${uptimeSeconds}.00 1.00\n`);
}

function setProcess(pid: number, { ticks = 0, start = 5000, pages = 256, name = 'work' }): void {
  put(
    `${pid}/stat`,
    `${pid} (${name}) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 3 0 ${start} 99 ${pages} 0 0\n`,
  );
}

function newSampler() {
  return createProcSampler({ root, pageSizeBytes: 4096, nowMs: () => nowMs });
}

test('a snapshot covers the time between two readings and is one the contract takes', async () => {
  setProcess(10, { ticks: 1000 });
  put('10/io', 'read_bytes: 1572864\nwrite_bytes: 1048576\n');
  put('10/fd/0', '');
  put('10/fd/1', '');
  const sampler = newSampler();
  await sampler.open();
  nowMs = 2000;
  setMachine({ busy: 150, idle: 1050, uptimeSeconds: 1002 });
  setProcess(10, { ticks: 1100 });

  const snapshot = await sampler.sample(1_800_000_002);
  expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
  expect(snapshot).toEqual({
    timestamp: 1_800_000_002,
    total_cpu_percent: 25,
    per_core_cpu_percent: [25],
    system_memory_total_mb: 4000,
    system_memory_used_mb: 3000,
    top_processes: [
      {
        pid: 10,
        name: 'work',
        cpu_percent: 50,
        memory_mb: 1,
        thread_count: 3,
        io_read_mb: 1.5,
        io_write_mb: 1,
        handle_count: 2,
      },
    ],
  });
});

test('processes that vanish, are unreadable or are not processes spoil nothing', async () => {
  setProcess(10, { ticks: 10 });
  setProcess(11, {});
  mkdirSync(join(root, '12'));
  put('13/stat', '');
  put('sys/kernel', '');
  const sampler = newSampler();
  await sampler.open();
  rmSync(join(root, '11'), { recursive: true });
  nowMs = 2000;
  const { top_processes: top } = await sampler.sample(1);
  expect(top).toMatchObject([{ pid: 10, io_read_mb: 0, handle_count: 0 }]);
});

test('a pid given to a new process does not inherit what the old one used', async () => {
  setProcess(10, { ticks: 90_000, start: 5000 });
  const sampler = newSampler();
  await sampler.open();
  nowMs = 2000;
  setMachine({ busy: 1, idle: 1, uptimeSeconds: 1002 });
  setProcess(10, { ticks: 100, start: 100_100 });
  const { top_processes: top } = await sampler.sample(1);
  expect(top[0]?.cpu_percent).toBe(50);
});

test('the twelve busiest of many are named', async () => {
  for (let pid = 1; pid <= 40; pid += 1) setProcess(pid, {});
  const sampler = newSampler();
  await sampler.open();
  nowMs = 2000;
  for (let pid = 1; pid <= 40; pid += 1) setProcess(pid, { ticks: pid });
  const { top_processes: top } = await sampler.sample(1);
  expect(top.map(({ pid }) => pid)).toEqual(Array.from({ length: 12 }, (_, index) => 40 - index));
});

test('the page size is a power of two', () => {
  expect(Math.log2(readPageSizeBytes()) % 1).toBe(0);
});
