import { createServer } from 'node:http';
import { messageOf, StartError, UnavailableError } from '../../core/errors.ts';
import type { Metrics } from '../../core/platform/metrics.ts';
import type { WorkerContext } from './context.ts';

/**
 * A worker's own `/livez`, `/readyz` and `/metrics`, for whoever runs it.
 *
 * @throws {StartError} when the port cannot be had
 */
export async function startProbes(
  port: number,
  { host = '127.0.0.1', metrics, ready }: { host?: string; metrics: Metrics; ready: () => Promise<void> },
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    void answer(path, { metrics, ready })
      .catch((error: unknown) => json(500, { detail: messageOf(error) }))
      .then(({ status, type, body }) => response.writeHead(status, { 'Content-Type': type }).end(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new StartError(`WORKER_PORT ${port} cannot be had: ${error.message}`)),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Starts them where a port is set for them. Not ready is a process that is stopping, or has no Redis. */
export async function openProbes({ config, lifecycle, metrics, redis }: WorkerContext): Promise<void> {
  if (config.worker.port === 0) return;
  const probes = await startProbes(config.worker.port, {
    host: config.http.host,
    metrics,
    ready: async () => {
      if (lifecycle.stopping || redis.status !== 'ready') throw new UnavailableError('not ready');
    },
  });
  lifecycle.defer('probes', probes.close);
}

async function answer(path: string, { metrics, ready }: { metrics: Metrics; ready: () => Promise<void> }) {
  if (path === '/livez') return json(200, { status: 'alive' });
  if (path === '/readyz') {
    return ready().then(
      () => json(200, { status: 'ready' }),
      () => json(503, { detail: 'Redis is out of reach, or the process is stopping' }),
    );
  }
  if (path === '/metrics') {
    const page = await metrics.page();
    return { status: 200, type: page.contentType, body: page.body };
  }
  return json(404, { detail: 'Not Found' });
}

function json(status: number, body: object) {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}
