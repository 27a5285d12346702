import { describe, expect, test } from '@jest/globals';
import {
  QUEUE_NAMES,
  queuePrefix,
  QUEUES,
  STAGES,
  type QueueName,
  type QueuePayload,
} from '../../../../core/contracts/queues.ts';
import { jobOptions } from '../../../../core/platform/queue.ts';
import { alert, notice } from '../../../support/alerts.ts';

const ROW = {
  agentId: 'web-01',
  timestamp: 1,
  receivedAtMs: 1,
  totalCpuPercent: 1,
  systemMemoryTotalMb: 2,
  systemMemoryUsedMb: 1,
  measurements: 'AQAA',
};
const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** One usable payload of each queue. */
const USABLE: { [Name in QueueName]: QueuePayload<Name> } = {
  timeline: { snapshots: [{ ...ROW, snapshotId: UUID, history: true }] },
  persist: { snapshots: [{ ...ROW, snapshotId: UUID }] },
  alerts: {
    samples: [
      {
        agentId: 'web-01',
        timestamp: 1,
        cpuPercent: 0.5,
        memoryUsedMb: 1,
        memoryTotalMb: 2,
        receivedAtMs: 1,
        measurements: 'AQAA',
        labels: 'env=prod',
      },
    ],
    sharedOffsetMs: 5,
  },
  prune: { store: 'redis' },
  rollup: {},
  notify: { changes: [{ change: 'firing', alert: alert() }] },
  deliver: { id: '0123456789abcdef0123456789abcdef', channel_id: 'ops', notice: notice() },
  record: { changes: [{ change: 'firing', alert: alert() }], deliveries: [] },
};

test('every stage is a queue, and each queue has a prefix with a hash tag of its own', () => {
  for (const stage of STAGES) expect(QUEUE_NAMES).toContain(stage);
  const prefixes = QUEUE_NAMES.map(queuePrefix);
  expect(new Set(prefixes).size).toBe(QUEUE_NAMES.length);
  for (const prefix of prefixes) expect(prefix).toMatch(/^\{topline:[a-z]+\}$/);
});

describe('a payload', () => {
  test.each(QUEUE_NAMES)('of %s is what its schema takes, before and after its way through Redis', (name) => {
    const payload: unknown = JSON.parse(JSON.stringify(USABLE[name]));
    expect(QUEUES[name].payload.parse(payload)).toEqual(USABLE[name]);
  });

  test.each(QUEUE_NAMES)('of %s may have fields that a later version adds', (name) => {
    expect(QUEUES[name].payload.safeParse({ ...USABLE[name], addedLater: 1 }).success).toBe(true);
  });

  test.each([
    ['timeline', { snapshots: [] }],
    ['timeline', { snapshots: [{ agentId: 'a b', timestamp: 1, json: '{}' }] }],
    ['timeline', { snapshots: [{ agentId: 'a', timestamp: 1.5, json: '{}' }] }],
    ['timeline', { snapshots: [{ agentId: 'a', timestamp: 1 }] }],
    ['timeline', { snapshots: [{ ...ROW, snapshotId: 'x' }] }],
    ['persist', { snapshots: [] }],
    ['persist', { snapshots: [{ ...ROW, snapshotId: 'x' }] }],
    ['alerts', { samples: [] }],
    ['alerts', { samples: [{ agentId: 'a', timestamp: 1, cpuPercent: null }] }],
    ['alerts', { samples: [{ agentId: 'a', timestamp: '1', cpuPercent: 1 }] }],
    ['prune', { store: 'disk' }],
    ['prune', {}],
    ['prune', null],
    ['rollup', null],
    ['notify', {}],
    ['notify', { changes: [] }],
    ['notify', { changes: [{ change: 'fired', alert: alert() }] }],
    ['notify', { changes: [{ change: 'firing', alert: alert({ revision: 0 }) }] }],
    ['record', { deliveries: [{ id: 'x' }] }],
    ['deliver', { id: 'x', channel_id: 'ops', notice: notice() }],
    [
      'deliver',
      { id: '0123456789abcdef0123456789abcdef', channel_id: 'ops', notice: notice({ alerts: [] }) },
    ],
  ] satisfies [QueueName, unknown][])('of %s that is damaged is refused: %j', (name, payload) => {
    expect(QUEUES[name].payload.safeParse(payload).success).toBe(false);
  });
});

test('an alerts job of the version before, without what only later rules need, is still taken', () => {
  const before = { samples: [{ agentId: 'web-01', timestamp: 1, cpuPercent: 95 }] };
  expect(QUEUES.alerts.payload.parse(before)).toEqual(before);
});

test('a timeline job of the version before, with the JSON of its snapshots, is still taken', () => {
  const before = { snapshots: [{ agentId: 'web-01', timestamp: 1, json: '{}', history: true }] };
  expect(QUEUES.timeline.payload.parse(before)).toEqual(before);
});

test.each(QUEUE_NAMES)('failed jobs of %s stay to be redriven, done ones do not fill Redis', (name) => {
  const { attempts, backoff, removeOnComplete, removeOnFail } = jobOptions(name);
  // Receivers that refuse for good fail as often as there is something to tell them.
  const kept = name === 'deliver' ? 1_000 : false;
  expect({ removeOnComplete, removeOnFail }).toEqual({ removeOnComplete: true, removeOnFail: kept });
  expect(attempts).toBeGreaterThan(1);
  const type = name === 'deliver' ? 'as-told' : 'exponential';
  expect(backoff).toMatchObject({ type, delay: QUEUES[name].backoffMs });
});
