import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { transformFile } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcSampler, readPageSizeBytes } from '../../agent/procSampler.ts';
import { snapshotSchema } from '../../core/contracts/snapshot.ts';
import { startIngestServer, type IngestServer } from '../unit/agent/ingestServer.ts';
import { cpuTicksOf } from '../support/cpuTicks.ts';
import { waitFor } from '../support/waitFor.ts';

const children: ChildProcess[] = [];
const servers: IngestServer[] = [];
let folder: string;

/** The agent as its users run it, without a build before: compiled file by file, which its imports allow. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topline-agent-'));
  await mkdir(join(folder, 'agent'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for (const file of await readdir('agent')) {
    const { code } = await transformFile(join('agent', file), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
    });
    const compiled = code.replace(/(["']\.\/\w+)\.ts(["'])/g, '$1.js$2');
    await writeFile(join(folder, 'agent', file.replace(/\.ts$/, '.js')), compiled);
  }
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'))
      await once(child, 'exit');
  }
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

afterAll(() => rm(folder, { recursive: true }));

function startNode(args: string[], ipc = false): ChildProcess {
  const child = spawn(process.execPath, args, {
    stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      AGENT_API_TOKEN: 's3cret-canary',
      XDG_STATE_HOME: join(folder, 'state'),
    },
  });
  children.push(child);
  return child;
}

/** Where the agents of these tests keep what they cannot hand in: not in the home of whoever runs the tests. */
const bufferDir = () => join(folder, 'buffer');

function startAgentProcess(args: string[], ipc = false, buffer = ['--buffer-dir', bufferDir()]) {
  const child = startNode([join(folder, 'agent', 'main.js'), ...args, ...buffer], ipc);
  let stdout = '';
  let stderr = '';
  const read = [
    child.stdout?.on('data', (chunk: Buffer) => (stdout += String(chunk))),
    child.stderr?.on('data', (chunk: Buffer) => (stderr += String(chunk))),
  ];
  // Not 'close', which would be the same in one event: it never comes for a child whose channel was disconnected.
  const events = [once(child, 'exit'), ...read.map(async (stream) => stream && once(stream, 'end'))];
  const exited = Promise.all(events).then(() => child.exitCode);
  return { child, exited, output: () => ({ stdout, stderr }) };
}

async function serve(): Promise<IngestServer> {
  const server = await startIngestServer();
  servers.push(server);
  return server;
}

const onLinux = existsSync('/proc/self/stat') ? describe : describe.skip;

onLinux('the /proc of this machine', () => {
  test('a process that keeps a core busy is named with what the kernel says it got of it', async () => {
    // Under a name of its own: left alone it is `node` with Node.js 20, and `MainThread` with 24.
    const busy = startNode(['-e', 'process.title = "busy-loop"; for (;;);']);
    const sampler = createProcSampler({ root: '/proc', pageSizeBytes: readPageSizeBytes() });
    // What it takes a figure from lies between what is seen before and after.
    const around = async <T>(look: () => Promise<T>) => {
      const before = { ms: performance.now(), ticks: cpuTicksOf(busy.pid).ticks };
      const result = await look();
      return { result, before, after: { ms: performance.now(), ticks: cpuTicksOf(busy.pid).ticks } };
    };
    const opened = await around(() => sampler.open());
    // On a crowded machine it has to share its core.
    await waitFor(() => cpuTicksOf(busy.pid).ticks - opened.after.ticks >= 50);
    const sampled = await around(() => sampler.sample(1_800_000_000));

    const snapshot = sampled.result;
    expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
    const found = snapshot.top_processes.find(({ pid }) => pid === busy.pid);
    // A tick is 10 ms.
    const percent = (ticks: number, ms: number) => (1000 * ticks) / ms;
    const { before, after } = sampled;
    expect(found?.cpu_percent).toBeGreaterThan(
      0.95 * percent(before.ticks - opened.after.ticks - 1, after.ms - opened.before.ms),
    );
    expect(found?.cpu_percent).toBeLessThan(
      1.05 * percent(after.ticks - opened.before.ticks + 1, before.ms - opened.after.ms),
    );
    expect(found).toMatchObject({ name: 'busy-loop', pid: busy.pid });
    expect(found?.memory_mb).toBeGreaterThan(10);
    expect(found?.memory_mb).toBeLessThan(1000);
    expect(found?.thread_count).toBeGreaterThan(1);
    expect(found?.handle_count).toBeGreaterThan(2);
    expect(snapshot.top_processes.length).toBeLessThanOrEqual(12);
    expect(snapshot.total_cpu_percent).toBeGreaterThan(0);
    expect(snapshot.per_core_cpu_percent.length).toBeGreaterThan(0);
    expect(snapshot.system_memory_used_mb).toBeGreaterThan(0);
    expect(snapshot.system_memory_used_mb).toBeLessThan(snapshot.system_memory_total_mb);
  });
});

describe('the agent as a process', () => {
  test('hands in valid snapshots with different aligned timestamps, and SIGTERM ends it with 0 and an account', async () => {
    const server = await serve();
    const url = `http://127.0.0.1:${server.port}`;
    const { child, exited, output } = startAgentProcess(['--url', url, '--id', 'web-01', '--interval', '1']);
    await waitFor(() => server.received.length >= 3);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);

    const snapshots = server.received.map(({ body }) => snapshotSchema.parse(JSON.parse(body)));
    expect(new Set(snapshots.map(({ timestamp }) => timestamp)).size).toBe(snapshots.length);
    expect(server.received[0]?.headers).toMatchObject({
      'x-agent-id': 'web-01',
      'x-agent-token': 's3cret-canary',
    });
    expect(output().stderr).toMatch(/stopped: \d+ snapshots handed in, 0 refused .* 0 not handed in\n$/);
    expect(output().stderr).not.toContain('canary');
  });

  test('started by a parent, it ends when the parent lets go', async () => {
    const server = await serve();
    const { child, exited, output } = startAgentProcess(['--url', `http://127.0.0.1:${server.port}`], true);
    await waitFor(() => output().stderr.includes('Topline agent'));
    child.disconnect();
    expect(await exited).toBe(0);
    expect(output().stderr).toContain('the parent process is gone');
  });

  test('with the server away it still ends at SIGINT with 0, and tells what it could not hand in', async () => {
    const server = await serve();
    await server.close();
    servers.pop();
    const url = `http://127.0.0.1:${server.port}`;
    const { child, exited, output } = startAgentProcess(['--url', url, '--interval', '1']);
    await waitFor(() => output().stderr.includes('cannot be reached'));
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    const [, count] =
      /([1-9]\d*) not handed in: kept in .*buffer for the next start\n$/.exec(output().stderr) ?? [];

    const back = await startIngestServer(undefined, server.port);
    servers.push(back);
    const next = startAgentProcess(['--url', url, '--interval', '1']);
    await waitFor(() => next.output().stderr.includes('wait in'));
    expect(next.output().stderr).toContain(`${count} snapshots of an earlier run wait in ${bufferDir()}`);
    await waitFor(() => back.received.some(({ path }) => path.endsWith('/batch')));
    next.child.kill('SIGTERM');
    expect(await next.exited).toBe(0);
    expect(await readdir(bufferDir())).toEqual([]);
  });

  test('--no-buffer keeps nothing on disk', async () => {
    const args = ['--url', 'http://127.0.0.1:1', '--interval', '1', '--no-buffer'];
    const { child, exited, output } = startAgentProcess(args, false, []);
    await waitFor(() => output().stderr.includes('cannot be reached'));
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(output().stderr).toMatch(/[1-9]\d* not handed in\n$/);
  });

  test('--once prints one snapshot and sends nothing', async () => {
    const { exited, output } = startAgentProcess(['--once', '--interval', '1']);
    expect(await exited).toBe(0);
    expect(snapshotSchema.parse(JSON.parse(output().stdout)).top_processes.length).toBeGreaterThan(0);
    expect(output().stderr).toBe('');
  });

  test('--help goes to stdout with 0', async () => {
    const { exited, output } = startAgentProcess(['--help']);
    expect(await exited).toBe(0);
    expect(output().stdout).toContain('--buffer-size');
  });

  test('wrong arguments are all told at once, with 2', async () => {
    const { exited, output } = startAgentProcess(['--interval', 'soon', '--colour']);
    expect(await exited).toBe(2);
    expect(output().stderr).toContain('--interval must be');
    expect(output().stderr).toContain('unknown option --colour');
  });
});
