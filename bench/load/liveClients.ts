import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Received, SocketOrder, SocketPlan, SocketReport } from './socketPlan.ts';

/** Live clients, all connected and subscribed. */
export interface LiveClients {
  readonly pid: number;
  received(order: SocketOrder): Promise<Received>;
  destroy(): void;
}

/** @throws {Error} when a socket cannot be had */
export async function startLiveClients(plan: SocketPlan): Promise<LiveClients> {
  const path = fileURLToPath(new URL('./sockets.js', import.meta.url));
  const child = fork(path, [JSON.stringify(plan)], {
    env: { PATH: process.env['PATH'] ?? '' },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`the live clients ended with code ${code}: see above for why`)),
    );
  });
  // Whoever waits for a report is told.
  ended.catch(() => undefined);
  const told = () =>
    Promise.race([ended, new Promise<SocketReport>((resolve) => child.once('message', resolve))]);
  await told();
  return {
    pid: child.pid ?? 0,
    async received(order) {
      child.send(order);
      const report = await told();
      if (report.report !== 'received') throw new Error(`the live clients answered ${report.report}`);
      return report;
    },
    destroy: () => void child.kill('SIGKILL'),
  };
}
