import { beforeEach, expect, test } from '@jest/globals';
import { createConnectionReport, type ConnectionReport } from '../../../agent/connectionReport.ts';

let lines: string[];
let nowMs: number;
let report: ConnectionReport;

beforeEach(() => {
  lines = [];
  nowMs = 1_800_000_000_000;
  report = createConnectionReport(
    (line) => lines.push(line),
    () => nowMs,
  );
});

const refusedConnection = { kind: 'unreachable', reason: 'connect ECONNREFUSED' } as const;

test('a connection that works is told once', () => {
  for (let count = 0; count < 100; count += 1) report.accepted(0);
  expect(lines).toEqual(['connected: the server takes snapshots']);
  expect(report.counts.accepted).toBe(100);
});

test('an outage is told when it begins, once a minute, and when it ends, with its length and what waits', () => {
  report.accepted(0);
  for (let second = 0; second < 90; second += 10) {
    report.failed(refusedConnection, 1 + second / 2);
    nowMs += 10_000;
  }
  report.accepted(40);
  for (let waiting = 39; waiting >= 0; waiting -= 1) report.accepted(waiting);
  expect(lines).toEqual([
    'connected: the server takes snapshots',
    'connection lost: connect ECONNREFUSED; 1 snapshot waiting, trying again',
    'still no success (connect ECONNREFUSED): 31 snapshots waiting (5 more like it since the last line)',
    'connection restored after 90 s: 40 snapshots still to hand in',
    'backlog handed in: 41 snapshots',
  ]);
});

test('another reason in the same outage is told, and the outage is as long as both', () => {
  report.accepted(0);
  report.failed(refusedConnection, 1);
  nowMs += 5000;
  report.failed({ kind: 'busy', status: 503, detail: 'Redis unavailable', retryAfterMs: 2000 }, 3);
  nowMs += 5000;
  report.accepted(0);
  expect(lines.slice(2)).toEqual([
    'the server cannot take snapshots now: 503 Redis unavailable; 3 snapshots waiting, trying again',
    'connection restored after 10 s: 0 snapshots still to hand in',
  ]);
});

test('something else at the address is not taken for a bad token', () => {
  report.failed({ kind: 'refused', status: 404, detail: 'Not Found' }, 1);
  expect(lines).toEqual([
    'unexpected answer: does --url name a Topline server?: 404 Not Found; 1 snapshot waiting, trying again',
  ]);
});

test('a server that refuses every snapshot does not get a line for each', () => {
  for (let second = 0; second < 120; second += 2) {
    report.rejected(second, '422 body: wrong', 0);
    nowMs += 2000;
  }
  expect(lines.filter((line) => line.includes('dropped'))).toHaveLength(2);
  expect(report.counts.rejected).toBe(60);
});

test.each([
  [200, 'a sign-in page or a proxy in between'],
  [302, 'set --url to it'],
  [400, 'a proxy in front of the server'],
  [401, '--token or AGENT_API_TOKEN'],
  [403, '--token, --id'],
  [413, 'raise its limit'],
  [418, 'does --url name a Topline server?'],
  [421, 'does not know this host name'],
  [422, '--id, --label'],
  [426, 'https:'],
])('a %d that keeps the snapshots is told with what to do', (status, words) => {
  report.failed({ kind: 'refused', status, detail: 'No' }, 3);
  expect(lines).toEqual([expect.stringContaining(words)]);
  expect(lines[0]).toContain(`${status} No; 3 snapshots waiting, trying again`);
});
