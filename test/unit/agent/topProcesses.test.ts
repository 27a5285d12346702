import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PROCESSES } from '../../../core/contracts/snapshot.ts';
import { pickTop, TOP_PROCESSES, twoDecimals } from '../../../agent/topProcesses.ts';

test('names as many processes as the contract allows', () => {
  expect(TOP_PROCESSES).toBe(MAX_PROCESSES);
});

test('the busiest come first, then the biggest, then the lowest pid', () => {
  const order = pickTop([
    { pid: 4, cpuPercent: 0, memoryMb: 5 },
    { pid: 3, cpuPercent: 0, memoryMb: 5 },
    { pid: 2, cpuPercent: 0, memoryMb: 900 },
    { pid: 1, cpuPercent: 7, memoryMb: 1 },
  ]).map(({ pid }) => pid);
  expect(order).toEqual([1, 2, 3, 4]);
});

test('nothing left out is busier than anything named', () => {
  const process = fc.record({ pid: fc.nat(), cpuPercent: fc.nat(), memoryMb: fc.nat() });
  fc.assert(
    fc.property(fc.array(process, { maxLength: 40 }), (processes) => {
      const top = pickTop([...processes]);
      expect(top).toHaveLength(Math.min(processes.length, 12));
      const least = Math.min(...top.map(({ cpuPercent }) => cpuPercent));
      const leftOut = processes.filter((candidate) => !top.includes(candidate));
      expect(leftOut.every(({ cpuPercent }) => cpuPercent <= least)).toBe(true);
    }),
  );
});

test('numbers have two decimals', () => {
  expect([0, 1 / 3, 99.999, 12.345].map(twoDecimals)).toEqual([0, 0.33, 100, 12.35]);
});
