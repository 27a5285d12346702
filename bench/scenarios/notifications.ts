import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { agentName } from '../load/requests.ts';
import { monotonicUs } from '../load/plan.ts';
import { measurementOf, measureWindow, withLoad } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { describeLatency } from '../statistics.ts';

const PER_SECOND = 500;

/** So many that each run has some whose first snapshot comes in it. */
const AGENTS = 10_000;

/** One agent in a hundred has an alert, with its first snapshot. */
const HOT = '*00';

/** The last message is on its way for this long at most. */
const LAST_MS = 5_000;

/** The figure that names a snapshot is its memory used, in hundredths of a MB: so the alert says which one fired it. */
const settingsOf = (url: string) => `rules:
  - id: first
    name: The first snapshot
    condition: { kind: memory, unit: mb, at_or_above: 0 }
    match: { agents: ['${HOT}'] }
channels:
  - id: hook
    name: The receiver
    target: { kind: webhook, url: '${url}', secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }
routes:
  - id: all
    match: { rules: [first] }
    channels: [hook]
`;

interface Receiver {
  url: string;
  /** By the figure of the snapshot that fired it: when the message was here, in microseconds of the monotonic clock. */
  arrivals: Map<number, number>;
  close(): void;
}

async function startReceiver(): Promise<Receiver> {
  const arrivals = new Map<number, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as {
        data: { alerts: { value: number }[] };
      };
      for (const { value } of data.alerts) arrivals.set(Math.round(value * 100), monotonicUs());
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, arrivals, close: () => server.close() };
}

async function measureNotifications(bench: Bench): Promise<Measurement> {
  const receiver = await startReceiver();
  const file = join(bench.ground.directory, 'notifications.yaml');
  await writeFile(file, settingsOf(receiver.url));
  const env = { ALERT_RULES_FILE: file, ALERT_ALLOWED_HOSTS: '127.0.0.1' };
  const plan = { perSecond: PER_SECOND, agents: AGENTS, keepSendTimes: true };
  try {
    return await withLoad(bench, { kind: 'topline', env }, plan, async (service, load) => {
      load.start();
      const { measured, usage } = await measureWindow(bench, service, load);
      const { sendTimes } = await load.stop();
      await delay(LAST_MS);
      const sentUs = new Map(sendTimes);
      const times = [...receiver.arrivals].flatMap(([figure, atUs]) => {
        const sent = sentUs.get(figure);
        return sent === undefined ? [] : [(atUs - sent) / 1000];
      });
      const { p50, p99, max, count } = describeLatency(times);
      const page = await (await fetch(`http://127.0.0.1:${service.workerPort}/metrics`)).text();
      const stages = {
        'mean ms to the decision': meanMs(page, 'topline_alert_detection_seconds'),
        'and from it to the receiver': meanMs(page, 'topline_notify_latency_seconds'),
      };
      const due = Math.min(sendTimes.length, AGENTS) / 100;
      return {
        ...measurementOf(measured, usage, { 'messages sent': count, 'slowest ms': max, ...stages }, load),
        p50Ms: p50,
        p99Ms: p99,
        warnings: count < Math.floor(due) ? [`${count} of ${due} messages had come after ${LAST_MS} ms`] : [],
      };
    });
  } finally {
    receiver.close();
  }
}

/** Of a histogram of the workers. */
function meanMs(page: string, name: string): number {
  const of = (part: string) =>
    page
      .split('\n')
      .filter((line) => line.startsWith(`${name}_${part}`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  return (of('sum') / of('count')) * 1000;
}

/** From the POST of the snapshot that fires an alert to its message at a webhook. */
export const notifications: Scenario = {
  name: 'notifications',
  title: `From the POST of a snapshot to the message at a webhook, at ${PER_SECOND} snapshots/s`,
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: [],
  subjects: () => [{ name: `agents like ${agentName(100)}`, measure: measureNotifications }],
};
