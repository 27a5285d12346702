import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { snapshotIdentity } from '../../../core/snapshotIdentity.ts';
import { persistBatchSchema } from '../../../core/contracts/queues.ts';

const ROW = {
  agentId: 'web-01',
  timestamp: 1,
  receivedAtMs: 1,
  totalCpuPercent: 1,
  systemMemoryTotalMb: 2,
  systemMemoryUsedMb: 1,
  measurements: 'AQAA',
};

test('the same snapshot of the same agent has the same identity, for ever', () => {
  // Rows stored by earlier versions are known by it: a change of this value stores everything twice.
  expect(snapshotIdentity('web-01', '{"timestamp":1}')).toBe('f78d0328-81c2-f723-71ad-62dac724a2f8');
});

test('another agent, or another snapshot, has another one', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (agent, json, otherAgent, otherJson) => {
      fc.pre(!agent.includes('\n') && !otherAgent.includes('\n'));
      const same = agent === otherAgent && json === otherJson;
      expect(snapshotIdentity(agent, json) === snapshotIdentity(otherAgent, otherJson)).toBe(same);
    }),
  );
  expect(snapshotIdentity('a', 'bc')).not.toBe(snapshotIdentity('ab', 'c'));
});

test('every identity is a UUID that the queue and PostgreSQL take', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (agent, json) => {
      const id = snapshotIdentity(agent, json);
      expect(z.guid().safeParse(id).success).toBe(true);
      const batch = { snapshots: [{ ...ROW, snapshotId: id }] };
      expect(persistBatchSchema.safeParse(batch).success).toBe(true);
    }),
  );
});
