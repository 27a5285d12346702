import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GroupState, SocketGroup, SocketOrder, SocketReport } from './socketPlan.ts';

/** The harness' end of a running socket client. */
export interface Sockets {
  readonly pid: number | undefined;
  readonly arrivalsFile: string;
  state(name: string): GroupState | undefined;
  /** Resolves when every socket of the group is open or has failed. */
  open(group: SocketGroup, timeoutMs?: number): Promise<void>;
  tell(order: Exclude<SocketOrder, { order: 'open' }>): void;
  /** Waits until the client has written down all arrivals, and has ended. */
  finish(): Promise<void>;
  destroy(): void;
}

export function startSockets(arrivalsFile: string): Sockets {
  const path = fileURLToPath(new URL('./socketClient.js', import.meta.url));
  const child = fork(path, [arrivalsFile], {
    env: { PATH: process.env['PATH'] ?? '' },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let report: SocketReport = { groups: {}, done: false };
  let ended = false;
  child.on('message', (message) => (report = message as SocketReport));
  child.on('exit', () => (ended = true));
  const tell = (order: SocketOrder) => void (child.connected && child.send(order));

  async function until(what: string, isSo: () => boolean, timeoutMs: number): Promise<void> {
    for (const endsAt = Date.now() + timeoutMs; !isSo(); await delay(50)) {
      if (ended && !report.done) throw new Error('the socket client ended before its time');
      if (Date.now() > endsAt) throw new Error(`${what} took more than ${timeoutMs} ms`);
    }
  }

  return {
    pid: child.pid,
    arrivalsFile,
    state: (name) => report.groups[name],
    async open(group, timeoutMs = 60_000) {
      tell({ order: 'open', group });
      const settled = () => {
        const { opened = 0, failed = {} } = report.groups[group.name] ?? {};
        return opened + Object.values(failed).reduce((sum, count) => sum + count, 0) === group.count;
      };
      await until(`opening ${group.count} sockets (${group.name})`, settled, timeoutMs);
    },
    tell,
    async finish() {
      tell({ order: 'finish' });
      await until('writing the arrivals down', () => report.done && ended, 30_000);
    },
    destroy: () => void child.kill('SIGKILL'),
  };
}
