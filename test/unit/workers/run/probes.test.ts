import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { StartError } from '../../../../core/errors.ts';
import { createMetrics, type Metrics } from '../../../../core/platform/metrics.ts';
import { get } from '../../../support/http.ts';
import { startProbes } from '../../../../workers/run/probes.ts';

let metrics: Metrics;
let ready: () => Promise<void>;
let probes: Awaited<ReturnType<typeof startProbes>>;
let url: string;

beforeEach(async () => {
  metrics = createMetrics();
  ready = async () => undefined;
  probes = await startProbes(0, { metrics, ready: () => ready() });
  url = `http://127.0.0.1:${probes.port}`;
});
afterEach(() => probes.close());

test('a worker that runs is alive, also while its stores are away', async () => {
  ready = () => Promise.reject(new Error('away'));
  expect(await get(`${url}/livez`)).toMatchObject({ status: 200, body: { status: 'alive' } });
});

test('a worker is ready while its stores are there', async () => {
  expect(await get(`${url}/readyz`)).toMatchObject({ status: 200, body: { status: 'ready' } });
  ready = () => Promise.reject(new Error('away'));
  expect(await get(`${url}/readyz`)).toMatchObject({ status: 503, body: { detail: expect.any(String) } });
});

test('its metrics are there for Prometheus', async () => {
  metrics.counter('topline_test_total', 'For this test.').inc(3);
  const { status, headers, body } = await get(`${url}/metrics`);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toMatch(/^text\/plain/);
  expect(body).toContain('topline_test_total 3');
});

test('whatever else is asked for is not there', async () => {
  for (const path of ['/', '/livez/x', '/../metrics/..', '/LIVEZ']) {
    expect(await get(url + path)).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
  }
});

test('a query does not matter, as some load balancers add one', async () => {
  expect((await get(`${url}/livez?probe=1`)).status).toBe(200);
});

test('a metric that cannot be had is a 500, and the next question is answered', async () => {
  metrics.gauge('topline_broken', 'For this test.', [], () => Promise.reject(new Error('broken')));
  expect((await get(`${url}/metrics`)).status).toBe(500);
  expect((await get(`${url}/livez`)).status).toBe(200);
}, 3_000);

test('a port that is taken stops the start with a message that names it', async () => {
  const other = createServer();
  await once(other.listen(0), 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    await expect(startProbes(port, { metrics, ready })).rejects.toThrow(StartError);
    await expect(startProbes(port, { metrics, ready })).rejects.toThrow(`WORKER_PORT ${port}`);
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});
