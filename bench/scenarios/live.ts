import { setTimeout as delay } from 'node:timers/promises';
import { startLiveClients } from '../load/liveClients.ts';
import { monotonicUs } from '../load/plan.ts';
import { measurementOf, WARM_UP_MS, withLoad } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { readUsage, usageSince } from '../usage.ts';

const PER_SECOND = 500;

/** Of all sockets, one in a hundred is a plain WebSocket, which gets every snapshot; the others watch one host each. */
const ONE_RAW_IN = 100;

async function measureLive(bench: Bench, sockets: number): Promise<Measurement> {
  const raw = sockets / ONE_RAW_IN;
  const { agents } = bench.options;
  const plan = { perSecond: PER_SECOND, keepSendTimes: true };
  return withLoad(bench, { kind: 'topline' }, plan, async (service, load) => {
    const [port = 0] = service.ports;
    bench.progress(`connecting ${sockets} sockets`);
    const clients = await startLiveClients({ port, raw, subscribers: sockets - raw, agents });
    try {
      const roles = { ...service.roles, sockets: [clients.pid] };
      load.start();
      bench.progress('warming up');
      await delay(WARM_UP_MS);
      load.begin();
      const before = readUsage(roles);
      const fromUs = monotonicUs();
      bench.progress('measuring');
      await delay(bench.options.seconds * 1000);
      const measured = await load.end();
      const toUs = monotonicUs();
      const usage = usageSince(before, readUsage(roles), roles);
      const { sendTimes } = await load.stop();
      const received = await clients.received({ sendTimes, fromUs, toUs });
      const { subscribers } = received;
      const result = measurementOf(measured, usage, {}, load);
      return {
        ...result,
        rate: (subscribers.count + received.raw.count) / measured.seconds,
        p50Ms: subscribers.p50,
        p99Ms: subscribers.p99,
        figures: {
          'snapshots/s acknowledged': result.rate,
          'POST p50 ms': measured.latency.p50,
          'POST p99 ms': measured.latency.p99,
          '/ws/metrics p50 ms': received.raw.p50,
          '/ws/metrics p99 ms': received.raw.p99,
        },
        warnings: [
          ...result.warnings,
          ...(received.missing > 0 ? [`${received.missing} deliveries had not come after 5 s`] : []),
        ],
      };
    } finally {
      clients.destroy();
    }
  });
}

/** From the POST of a snapshot to its arrival at a client; p50 and p99 are those of Socket.IO. */
export const live: Scenario = {
  name: 'live',
  title: `From POST to live clients, at ${PER_SECOND} snapshots/s`,
  unit: 'deliveries/s',
  thing: 'snapshot',
  controls: [],
  subjects: () =>
    [200, 2_000].map((sockets) => ({
      name: `${sockets} sockets`,
      measure: (bench) => measureLive(bench, sockets),
    })),
};
