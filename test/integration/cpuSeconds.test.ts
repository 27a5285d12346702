import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, expect, test } from '@jest/globals';
import { createProcSampler, readPageSizeBytes } from '../../agent/procSampler.ts';
import { bucketsOf, emptyBucket, mergeInto } from '../../core/rollup/bucket.ts';
import type { Sample } from '../../core/rollup/hold.ts';
import { nowSeconds } from '../../core/time.ts';
import { cpuTicksOf, TICKS_A_SECOND } from '../support/cpuTicks.ts';
import { snapshotIdOf } from '../support/history.ts';
import { waitFor } from '../support/waitFor.ts';

const NAME = 'topline-busy';

let busy: ChildProcess | undefined;
afterEach(() => void busy?.kill('SIGKILL'));

/** CPU seconds that a process has used, by the kernel. */
const usedSeconds = (pid: number | undefined) => cpuTicksOf(pid).ticks / TICKS_A_SECOND;

// The kernel of macOS tells it in another way; the estimate is the same there.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('the CPU seconds of a busy process are those that the kernel counts', async () => {
  // Busy and at rest by turns, so that a figure that is held for the wrong time shows.
  const turns = `process.title = '${NAME}'; setInterval(() => { for (const end = Date.now() + 300; Date.now() < end;); }, 500)`;
  busy = spawn(process.execPath, ['-e', turns], { stdio: 'ignore', env: { PATH: process.env['PATH'] } });
  await waitFor(() => cpuTicksOf(busy?.pid).name === NAME, { describe: 'the process to have its name' });

  const sampler = createProcSampler({ root: '/proc', pageSizeBytes: readPageSizeBytes() });
  await sampler.open();
  const samples: Sample[] = [];
  // By the kernel's count at the first sample and the last: in between is what the estimate is of.
  const counted: number[] = [];
  let second = nowSeconds();
  // On a busy machine the process has to wait for its turns, and the sampler for its own: until it has used so much that a
  // sample that is late by its interval counts for little.
  while (samples.length < 6 || (counted.at(-1) ?? 0) - (counted[0] ?? 0) <= 2) {
    // At the turn of each second, as the agent does at the turn of its interval.
    second = await waitFor(() => (nowSeconds() > second ? nowSeconds() : 0), { intervalMs: 5 });
    samples.push({ ...(await sampler.sample(second)), snapshotId: snapshotIdOf(samples.length) });
    counted.push(usedSeconds(busy.pid));
  }

  const whole = emptyBucket();
  for (const bucket of bucketsOf(samples, 60, 0, Infinity).values()) mergeInto(whole, bucket);
  const estimate = (whole.processes.get(NAME)?.cpuUnits ?? 0) / 10_000;
  const [first = 0, last = 0] = [counted[0], counted.at(-1)];
  // The estimate holds each sample for the time behind it, so the first one counts in the place of what is not seen.
  const beside =
    ((samples[0]?.top_processes ?? []).find(({ name }) => name === NAME)?.cpu_percent ?? 0) / 100;
  expect(Math.abs(estimate - beside - (last - first))).toBeLessThan(0.3 * (last - first));
});
