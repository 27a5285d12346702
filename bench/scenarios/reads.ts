import { get } from 'node:http';
import { describeLatency, median } from '../statistics.ts';
import { agentName } from '../load/requests.ts';
import { measureAcknowledged } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario, Subject } from '../scenario.ts';
import { openService, type ServiceOptions } from '../service.ts';
import { readUsage, usageSince } from '../usage.ts';
import { fillTimeline, WINDOW_SECONDS } from './fillTimeline.ts';

/** As many as in the scenario history, and as many as the API can serve no faster. */
const READERS = 2;
const MANY_READERS = 8;

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

/** @param readers who ask as soon as they are answered */
function oneAgent(readers: number): Subject {
  return {
    name: `one agent, ${readers} readers`,
    measure: (bench) => {
      const gets = Array.from(
        { length: bench.options.agents },
        (_, i) => `/api/metrics/recent?agent=${agentName(i)}`,
      );
      return measureAcknowledged(bench, filled(bench), { gets, connections: readers });
    },
  };
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
  title: 'Recent snapshots: of one agent, and of the whole fleet (1 reader)',
  unit: 'answers/s',
  thing: 'answer',
  controls: [],
  subjects: () => [
    oneAgent(READERS),
    oneAgent(MANY_READERS),
    { name: 'whole fleet', measure: measureWholeFleet },
  ],
};
