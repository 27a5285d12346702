import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ProcessContext } from '../core/platform/process.ts';
import { findProjectFile } from '../core/platform/projectRoot.ts';
import { openAlerting } from './alerting/open.ts';
import { readSettingsFile } from './alerting/settingsFile.ts';
import { buildApp } from './app.ts';
import { openFleet } from './fleet/open.ts';
import { openHistory } from './history/open.ts';
import { createGracefulClose } from './http/gracefulClose.ts';
import { createHttpServer, listen } from './http/listen.ts';
import { openNode } from './http/node.ts';
import { openIngest } from './ingest/open.ts';
import { openLive } from './live/open.ts';
import { openOperations } from './operations/open.ts';
import { listRoutes } from './routes.ts';

/**
 * Starts one API node: connections, rooms, app, sockets, port. Stores that are away are waited for in the background.
 *
 * @returns the address it listens on
 * @throws {StartError} when it cannot listen
 */
export async function startApi(context: ProcessContext): Promise<string> {
  const { config, log, lifecycle } = context;
  const settingsFile = await readSettingsFile(config.alerts.rulesFile);
  const version = await ownVersion();

  const node = openNode(context);
  const ingest = openIngest(node);
  const alerting = openAlerting(node, settingsFile);
  const history = openHistory(node, ingest.isBusy);
  const live = openLive(node);
  const operations = openOperations(node, {
    version,
    refusal: ingest.refusal,
    ingestPerSecond: ingest.perSecond,
    sockets: live.count,
  });
  const fleet = openFleet(node, ingest.refusal);

  const routes = listRoutes({ ingest, alerting, history, operations, fleet, session: node });
  const app = buildApp(node, { routes, version, isBusy: ingest.isBusy });
  const server = createHttpServer(app.callback());
  const sockets = live.serve(server);
  const url = await listen(server, config.http);

  // Released in reverse: the port first, so that no socket comes back to this node, and the connections while what is
  // in flight still finds the stores.
  const port = createGracefulClose(server);
  lifecycle.defer('connections', port.letClientsLeave);
  lifecycle.defer('exports', history.export.streams.close);
  lifecycle.defer('raw sockets', sockets.webSocket.close);
  lifecycle.defer('sockets', sockets.socketIo.close);
  lifecycle.defer('port', port.close);
  log.info({ url }, 'listening');
  return url;
}

const packageSchema = z.object({ version: z.string() });

async function ownVersion(): Promise<string> {
  return packageSchema.parse(JSON.parse(await readFile(findProjectFile('package.json'), 'utf8'))).version;
}
