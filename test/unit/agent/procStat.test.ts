import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  parseMemory,
  parseProcessIo,
  parseProcessStat,
  parseSystemCpu,
  parseUptimeSeconds,
} from '../../../agent/procStat.ts';

/** A line as the kernel writes it: utime 120, stime 30, 7 threads, start 4242, 5000 pages. */
function statLine(name: Buffer, pid = 4242): Buffer {
  const rest =
    ') S 1 4242 4242 0 -1 4194304 9999 8888 7 6 120 30 55 66 20 0 7 0 4242 987654321 5000 18446744073709551615 1 1 0\n';
  return Buffer.concat([Buffer.from(`${pid} (`), name, Buffer.from(rest)]);
}

describe('the CPU lines of /proc/stat', () => {
  const text =
    'cpu  100 5 50 800 20 3 2 20 7 1\ncpu0 60 5 25 390 10 3 1 10 7 1\ncpu2 40 0 25 410 10 0 1 10 0 0\nintr 1 2 3\n';

  test('guest time is not counted twice, and waiting for I/O is idle', () => {
    expect(parseSystemCpu(text)?.all).toEqual({ busy: 180, idle: 820 });
  });

  test('a core that is offline leaves a hole instead of shifting the others', () => {
    expect([...(parseSystemCpu(text)?.cores.keys() ?? [])]).toEqual([0, 2]);
  });

  test('the few columns of an old kernel are enough', () => {
    expect(parseSystemCpu('cpu  1 2 3 4\n')?.all).toEqual({ busy: 6, idle: 4 });
  });

  test('a text without them gives nothing', () => {
    expect(parseSystemCpu('')).toBeUndefined();
  });
});

describe('the memory of the machine', () => {
  test('what is used is what is not available', () => {
    const text = 'MemTotal:       2048 kB\nMemFree:         100 kB\nMemAvailable:    512 kB\n';
    expect(parseMemory(text)).toEqual({ totalMb: 2, usedMb: 1.5 });
  });

  test('a kernel without MemAvailable is taken by MemFree', () => {
    expect(parseMemory('MemTotal: 2048 kB\nMemFree: 1024 kB\n')).toEqual({ totalMb: 2, usedMb: 1 });
  });

  test('an unreadable file gives zeros', () => {
    expect(parseMemory('')).toEqual({ totalMb: 0, usedMb: 0 });
  });
});

describe('one process', () => {
  test('its columns are counted from behind the name', () => {
    expect(parseProcessStat(statLine(Buffer.from('node')))).toEqual({
      pid: 4242,
      name: 'node',
      cpuTicks: 150,
      threads: 7,
      startTicks: 4242,
      rssPages: 5000,
    });
  });

  test.each(['a b', '(sd-pam)', 'x) S 1 2 3', ')', '((', 'a\nb', ''])('the name %j is kept whole', (name) => {
    const stat = parseProcessStat(statLine(Buffer.from(name)));
    expect(stat).toMatchObject({ name, cpuTicks: 150, threads: 7, rssPages: 5000 });
  });

  test('any bytes make a name that JSON and PostgreSQL can hold, and leave the numbers alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(4_194_304), (bytes, pid) => {
        const stat = parseProcessStat(statLine(Buffer.from(bytes), pid));
        expect(stat).toMatchObject({ pid, cpuTicks: 150, threads: 7, startTicks: 4242, rssPages: 5000 });
        expect(stat?.name.isWellFormed()).toBe(true);
        expect(stat?.name).not.toContain('\u0000');
      }),
    );
  });

  test('no part of a line, and no other bytes, make it throw', () => {
    const whole = statLine(Buffer.from('node'));
    for (let length = 0; length < whole.length; length += 1) parseProcessStat(whole.subarray(0, length));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseProcessStat(Buffer.from(bytes))));
  });

  test('a process that vanished in mid-read gives nothing', () => {
    expect(parseProcessStat(Buffer.alloc(0))).toBeUndefined();
    expect(parseProcessStat(Buffer.from('12 (node) S 1 2'))).toBeUndefined();
  });
});

test('I/O is what reached the storage, not what was passed through pipes', () => {
  const text =
    'rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 4096\nwrite_bytes: 512\ncancelled_write_bytes: 99\n';
  expect(parseProcessIo(text)).toEqual({ readBytes: 4096, writeBytes: 512 });
  expect(parseProcessIo('')).toEqual({ readBytes: 0, writeBytes: 0 });
});

test('the time since boot is the first number of its file', () => {
  expect(parseUptimeSeconds('1016.87 1909.98\n')).toBe(1016.87);
  expect(parseUptimeSeconds('')).toBe(0);
});
