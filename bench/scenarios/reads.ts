import { get } from 'node:http';
import { describeLatency, median } from '../statistics.ts';
import { agentName } from '../load/requests.ts';
import { measureAcknowledged } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { openService, type ServiceOptions } from '../service.ts';
import { readUsage, usageSince } from '../usage.ts';
import { onlyWithRoute } from './onlyWithRoute.ts';
import { fillTimeline, WINDOW_SECONDS } from './fillTimeline.ts';

const HISTORY_PATH = '/api/metrics/history';

/** Every agent has the minutes that Redis keeps by default, and nobody writes meanwhile. */
function filled(bench: Bench): ServiceOptions {
  return {
    kind: 'topline',
    workers: false,
    env: { RETENTION_SECONDS: String(WINDOW_SECONDS) },
    prepare: async (redisUrl) => {
      bench.progress('filling the timelines');
      await fillTimeline(redisUrl, bench.options.agents, bench.snapshotsFile);
    },
  };
}

const READERS = 8;

function measureOneAgent(bench: Bench): Promise<Measurement> {
  const gets = Array.from(
    { length: bench.options.agents },
    (_, i) => `/api/metrics/recent?agent=${agentName(i)}`,
  );
  return measureAcknowledged(bench, filled(bench), { gets, connections: READERS });
}

/** One reader, who takes it as fast as it comes. */
async function measureWholeFleet(bench: Bench): Promise<Measurement> {
  const service = await openService(bench.ground, filled(bench));
  try {
    const before = readUsage(service.roles);
    const began = performance.now();
    const answers: Read[] = [];
    bench.progress('measuring');
    do answers.push(await read(`http://127.0.0.1:${service.ports[0]}/api/metrics/recent`));
    while (performance.now() - began < bench.options.seconds * 1000);
    const seconds = (performance.now() - began) / 1000;
    const { p50, p99 } = describeLatency(answers.map(({ ms }) => ms));
    return {
      rate: answers.length / seconds,
      count: answers.length,
      seconds,
      p50Ms: p50,
      p99Ms: p99,
      usage: usageSince(before, readUsage(service.roles), service.roles),
      figures: {
        'ms to the first byte': median(answers.map(({ firstByteMs }) => firstByteMs)),
        'MB an answer': median(answers.map(({ bytes }) => bytes)) / 1e6,
      },
      warnings: [],
    };
  } finally {
    await service.close();
  }
}

interface Read {
  firstByteMs: number;
  ms: number;
  bytes: number;
}

function read(url: string): Promise<Read> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    get(url, (response) => {
      let bytes = 0;
      let firstByteMs = 0;
      response.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - began;
        bytes += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ firstByteMs, ms: performance.now() - began, bytes });
        else reject(new Error(`reading the whole fleet was answered with ${response.statusCode}`));
      });
    }).on('error', reject);
  });
}

/** What pages and scripts ask for. */
export const reads: Scenario = {
  name: 'reads',
  title: 'Recent snapshots: of one agent (8 readers), and of the whole fleet (1 reader)',
  unit: 'answers/s',
  thing: 'answer',
  controls: [],
  subjects: () => [
    { name: 'one agent', measure: measureOneAgent },
    { name: 'whole fleet', measure: measureWholeFleet },
    {
      name: 'a day of history',
      measure: onlyWithRoute('get', HISTORY_PATH, async () => ({
        skipped: 'the route is there now, and this scenario does not know yet how to ask it',
      })),
    },
  ],
};
