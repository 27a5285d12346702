import { spawn } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openDiskBuffer } from '../../../agent/diskBuffer.ts';
import { createKeptBuffer, type KeptBuffer, type Prepared } from '../../../agent/keptBuffer.ts';
import { makeTempDir, type TempDir } from '../../support/tempDir.ts';

let temp: TempDir;
let directory: string;
let lines: string[];

beforeEach(async () => {
  temp = await makeTempDir();
  directory = join(temp.path, 'state', 'buffer');
  lines = [];
});
afterEach(() => temp.remove());

const MB = 1024 * 1024;

/** As an agent that starts: on what the one before has left. */
function open({ capacity = 10, maxBytes = MB, at = directory } = {}): KeptBuffer {
  const disk = openDiskBuffer({ directory: at, maxBytes, log: (line) => lines.push(line), nowMs: () => 0 });
  return createKeptBuffer(capacity, disk);
}

const prepared = (timestamp: number): Prepared => ({ timestamp, body: JSON.stringify({ timestamp }) });
const push = (buffer: KeptBuffer, from: number, to: number) => {
  for (let n = from; n <= to; n += 1) buffer.push(prepared(n));
};
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const timesOf = (taken: readonly Prepared[]) => taken.map(({ timestamp }) => timestamp);
/** Takes everything there is as batches of so many, and hands it in. */
function drain(buffer: KeptBuffer, most = 4): number[] {
  const handedIn: number[] = [];
  for (;;) {
    const taken = buffer.takeNewest(most);
    if (taken.length === 0) return handedIn;
    handedIn.push(...timesOf(taken));
    buffer.handedIn(taken);
  }
}
const segments = async () =>
  (await readdir(directory)).filter((name) => name.endsWith('.ndjson')).map((name) => join(directory, name));

describe('the buffer on disk', () => {
  test('is not touched while the server answers', async () => {
    const buffer = open();
    push(buffer, 1, 5);
    buffer.handedIn(buffer.takeNewest(5));
    buffer.connected();
    expect(await readdir(temp.path)).toEqual([]);
  });

  test('has what waits from the moment on at which it is cut off, for its owner only; and nothing once it is handed in', async () => {
    const buffer = open();
    push(buffer, 1, 3);
    buffer.cutOff();
    push(buffer, 4, 25);
    const [file = ''] = await segments();
    expect(await readFile(file, 'utf8')).toBe(
      numbers(1, 25)
        .map((timestamp) => `{"timestamp":${timestamp}}\n`)
        .join(''),
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect([buffer.size, buffer.onDiskOnly, buffer.dropped]).toEqual([25, 15, 0]);

    buffer.connected();
    push(buffer, 26, 26);
    expect(timesOf(buffer.takeNewest(3))).toEqual([24, 25, 26]);
    expect(drain(buffer).toSorted((a, b) => a - b)).toEqual(numbers(1, 23));
    expect(await segments()).toHaveLength(1);
    expect(buffer.size).toBe(0);
  });

  test('is taken over by the next agent, whatever ended the one before, and whatever the last line became', async () => {
    const first = open();
    first.cutOff();
    push(first, 1, 5);
    const [file = ''] = await segments();
    await appendFile(file, '{"timestamp":6,"total_cpu');
    // No close(): killed. Its own process id would be that of a living one, was it not this one's.
    const second = open();
    expect(second.size).toBe(5);
    expect(lines).toEqual([`5 snapshots of an earlier run wait in ${directory}`]);
    second.cutOff();
    push(second, 7, 8);
    second.connected();
    expect(drain(second, 100)).toEqual([1, 2, 3, 4, 5, 7, 8]);
    expect(await segments()).toEqual([]);
    second.close();
    expect(await readdir(directory)).toEqual([]);
  });

  test('has at the end what was not handed in, also where nobody was cut off', async () => {
    const buffer = open();
    push(buffer, 1, 3);
    expect(buffer.close()).toBe(true);
    expect(drain(open())).toEqual([1, 2, 3]);
  });

  test('takes what memory has no room for, also while the server only asks to be slower', async () => {
    const buffer = open({ capacity: 3 });
    push(buffer, 1, 10);
    expect([buffer.size, buffer.onDiskOnly, buffer.dropped]).toEqual([10, 7, 0]);
    expect(drain(buffer).toSorted((a, b) => a - b)).toEqual(numbers(1, 10));
  });

  test('drops its oldest segment first, and counts what is lost', async () => {
    const buffer = open({ capacity: 5, maxBytes: 4_000 });
    buffer.cutOff();
    push(buffer, 1_000, 1_999);
    const bytes = (await Promise.all((await segments()).map((file) => stat(file)))).reduce(
      (sum, { size }) => sum + size,
      0,
    );
    expect(bytes).toBeLessThanOrEqual(4_000);
    expect(bytes).toBeGreaterThan(3_000);
    expect(buffer.size + buffer.dropped).toBe(1_000);
    expect(drain(buffer).toSorted((a, b) => a - b)).toEqual(numbers(1_000 + buffer.dropped, 1_999));
  });

  test('passes over lines that are no snapshots', async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(
      join(directory, '0000000007.ndjson'),
      '{"timestamp":1}\n\u0000\u0000\n[]\n{"timestamp":"x"}\n{"timestamp":2}\n',
    );
    const buffer = open();
    expect(drain(buffer, 100)).toEqual([1, 2]);
    expect(buffer.dropped).toBe(3);
    expect(await segments()).toEqual([]);
  });

  test('that cannot be written is said once, and memory does', async () => {
    await writeFile(join(temp.path, 'file'), '');
    const buffer = open({ capacity: 3, at: join(temp.path, 'file', 'below') });
    buffer.cutOff();
    push(buffer, 1, 9);
    expect(lines).toEqual([
      expect.stringMatching(
        /cannot be taken over \(.*ENOTDIR.*: what cannot be handed in is kept in memory only$/,
      ),
    ]);
    const taken = buffer.takeNewest(9);
    expect([timesOf(taken), buffer.dropped]).toEqual([[7, 8, 9], 6]);
    buffer.putBack(taken);
    expect(buffer.close()).toBe(false);
  });

  test('of another agent that is alive is left alone; of one that has ended it is taken', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const start = (await readFile(`/proc/${other.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19];
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    await mkdir(directory, { recursive: true });
    const lock = join(directory, 'lock');
    await writeFile(lock, `${other.pid}\n${boot}/${start}\n`);
    try {
      const buffer = open();
      buffer.cutOff();
      push(buffer, 1, 2);
      expect(lines).toEqual([expect.stringContaining(`process ${other.pid} has the buffer directory`)]);
      expect(await segments()).toEqual([]);
      // The same id, given to another process after a reboot.
      await writeFile(lock, `${other.pid}\nanother-boot/${start}\n`);
      const after = open();
      after.cutOff();
      push(after, 3, 3);
      expect(await segments()).toHaveLength(1);
    } finally {
      const ended = new Promise((resolve) => other.once('exit', resolve));
      other.stdin?.end();
      await ended;
    }
  });
});

test('whatever happens, and however often it is killed, each snapshot is handed in, waits, or is counted as dropped', async () => {
  const steps = fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 9 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom('batch', 'failed batch', 'single', 'failed single'),
          count: fc.integer({ min: 1, max: 9 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom('cut off', 'connected', 'stop', 'kill'),
          count: fc.constant(0),
        }),
      },
    ),
    { maxLength: 60 },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 8 }),
      fc.constantFrom(200, 1_000, MB),
      async (todo, capacity, maxBytes) => {
        const at = join(temp.path, `run-${(run += 1)}`);
        let buffer = open({ capacity, maxBytes, at });
        const handedIn = new Set<number>();
        let [pushed, dropped, isCutOff, unsafe] = [0, 0, false, 0];
        /** What only memory has is lost when it is killed. */
        const inMemoryOnly = () => unsafe;
        for (const step of todo) {
          if (step.do === 'push') {
            push(buffer, pushed + 1, pushed + step.count);
            pushed += step.count;
            if (!isCutOff) unsafe = step.count + unsafe;
          } else if (step.do === 'cut off') {
            buffer.cutOff();
            [isCutOff, unsafe] = [true, 0];
          } else if (step.do === 'connected') {
            buffer.connected();
            isCutOff = false;
          } else if (step.do === 'stop') {
            expect(buffer.close()).toBe(true);
            dropped += buffer.dropped;
            buffer = open({ capacity, maxBytes, at });
            [isCutOff, unsafe] = [false, 0];
          } else if (step.do === 'kill') {
            if (inMemoryOnly() > 0) continue;
            dropped += buffer.dropped;
            buffer = open({ capacity, maxBytes, at });
            isCutOff = false;
          } else {
            const one = step.do.endsWith('single') ? buffer.take() : undefined;
            const taken = one === undefined ? buffer.takeNewest(step.count) : [one];
            expect(timesOf(taken)).toEqual(timesOf(taken).toSorted((a, b) => a - b));
            if (step.do.startsWith('failed')) buffer.putBack(taken);
            else {
              for (const { timestamp } of taken) handedIn.add(timestamp);
              buffer.handedIn(taken);
            }
          }
        }
        const rest = new Set(drain(buffer));
        dropped += buffer.dropped;
        const accounted = new Set([...handedIn, ...rest]).size;
        // What was handed in before it was killed may be in a segment that is dropped later, and counts twice.
        expect(accounted + dropped).toBeGreaterThanOrEqual(pushed);
        if (maxBytes === MB) expect([accounted, dropped]).toEqual([pushed, 0]);
        buffer.close();
        // The lock of one that was killed with nothing left stays, until somebody needs the directory.
        expect((await readdir(at).catch(() => [])).filter((name) => name !== 'lock')).toEqual([]);
        await rm(at, { recursive: true, force: true });
      },
    ),
    { numRuns: 150 },
  );
});
