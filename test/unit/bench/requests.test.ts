import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createReads, createRequests } from '../../../bench/load/requests.ts';
import { snapshotSchema } from '../../../core/contracts/snapshot.ts';

let snapshots: string[] = [];
beforeAll(async () => {
  snapshots = (await readFile('test/fixtures/agent-snapshots.ndjson', 'utf8')).trim().split('\n');
});

const NOW = 1_795_490_811;

/** The next request as it would go out, taken apart. */
function read(requests: ReturnType<typeof createRequests>, nowSeconds = NOW) {
  // Filled with what must not show through.
  const buffer = Buffer.alloc(requests.maxBytes, 'X');
  const text = buffer.toString('utf8', 0, requests.write(buffer, nowSeconds));
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'mi').exec(head)?.[1]?.trim();
  return { head, body, header };
}

describe('a request to hand in a snapshot', () => {
  test('is what the agent sent, with the time of now and a figure of its own', () => {
    const requests = createRequests({ snapshots, agents: 3, path: '/ingest/metrics', snapshotsARequest: 1 });
    const { head, body, header } = read(requests);
    expect(head.split('\r\n')[0]).toBe('POST /ingest/metrics HTTP/1.1');
    expect(Number(header('Content-Length'))).toBe(Buffer.byteLength(body));
    expect(header('Content-Type')).toBe('application/json');
    expect(snapshotSchema.parse(JSON.parse(body))).toEqual({
      ...snapshotSchema.parse(JSON.parse(snapshots[0] ?? '')),
      timestamp: NOW,
      system_memory_used_mb: 10_000,
    });
    expect(requests.lastFigure).toBe(1_000_000);
  });

  test('takes its turn among the agents, and none is a duplicate within a second', () => {
    const requests = createRequests({ snapshots, agents: 3, path: '/', snapshotsARequest: 1 });
    const sent = Array.from({ length: 2_000 }, () => read(requests));
    expect(sent.slice(0, 4).map(({ header }) => header('X-Agent-Id'))).toEqual([
      'agent-00000',
      'agent-00001',
      'agent-00002',
      'agent-00000',
    ]);
    const contents = sent.map(({ body, header }) => `${header('X-Agent-Id')} ${body}`);
    expect(new Set(contents).size).toBe(2_000);
    const figures = sent.map(({ body }) => snapshotSchema.parse(JSON.parse(body)).system_memory_used_mb);
    expect(new Set(figures).size).toBe(2_000);
    expect(Math.round((figures.at(-1) ?? 0) * 100)).toBe(requests.lastFigure);
  });

  test('can hold many, one a line, each with a figure of its own', () => {
    const requests = createRequests({ snapshots, agents: 2, path: '/', snapshotsARequest: 500 });
    const both = [read(requests), read(requests)];
    const lines = both.flatMap(({ body }) =>
      body.split('\n').map((line) => snapshotSchema.parse(JSON.parse(line))),
    );
    expect(lines).toHaveLength(1_000);
    expect(new Set(lines.map((line) => line.system_memory_used_mb)).size).toBe(1_000);
    expect(lines.every(({ timestamp }) => timestamp === NOW)).toBe(true);
    expect(both[0]?.header('Content-Type')).toBe('application/x-ndjson');
    expect(both.map(({ header }) => header('X-Agent-Id'))).toEqual(['agent-00000', 'agent-00001']);
    for (const { body, header } of both)
      expect(Number(header('Content-Length'))).toBe(Buffer.byteLength(body));
  });

  test('has its places right behind a name of many bytes', () => {
    const text =
      '{"agent_id":"a","top_processes":[{"pid":1,"name":"größer 日本","cpu_percent":1,"memory_mb":1}],"timestamp": 1000000000,"total_cpu_percent":1,"system_memory_used_mb": 7}';
    const requests = createRequests({ snapshots: [text], agents: 1, path: '/', snapshotsARequest: 1 });
    expect(JSON.parse(read(requests).body)).toMatchObject({
      timestamp: NOW,
      system_memory_used_mb: 10_000,
      top_processes: [{ name: 'größer 日本' }],
    });
  });

  test('needs both fields', () => {
    const options = { agents: 1, path: '/', snapshotsARequest: 1 };
    expect(() => createRequests({ ...options, snapshots: ['{"timestamp":1795490811}'] })).toThrow(
      /system_memory_used_mb/,
    );
  });
});

test('reads take turns', () => {
  const requests = createReads(['/a', '/b']);
  const heads = [read(requests), read(requests), read(requests)].map(({ head }) => head.split('\r\n')[0]);
  expect(heads).toEqual(['GET /a HTTP/1.1', 'GET /b HTTP/1.1', 'GET /a HTTP/1.1']);
});
