import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadPlan, Order, Tally } from './plan.ts';

/** A running ledger client. */
export interface Load {
  readonly tally: Tally;
  readonly ledgerFile: string;
  readonly startSeconds: number;
  setRate(perSecond: number): void;
  phase(name: string): void;
  /** Waits until so many snapshots are acknowledged. */
  untilAcknowledged(count: number, timeoutMs?: number): Promise<void>;
  /** Sends nothing new, and waits until everything sent is acknowledged. */
  finish(timeoutMs?: number): Promise<void>;
  destroy(): void;
}

export function startLoad(plan: LoadPlan): Load {
  const path = fileURLToPath(new URL('./ledgerClient.js', import.meta.url));
  const child = fork(path, [JSON.stringify(plan)], {
    env: { PATH: process.env['PATH'] ?? '' },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let tally: Tally = { attempted: 0, acknowledged: 0, answers: {}, done: false };
  let ended = false;
  child.on('message', (message) => (tally = message as Tally));
  child.on('exit', () => (ended = true));
  const tell = (order: Order) => void (child.connected && child.send(order));

  async function until(what: string, isSo: () => boolean, timeoutMs: number): Promise<void> {
    const endsAt = Date.now() + timeoutMs;
    while (!isSo()) {
      if (ended && !tally.done) throw new Error('the ledger client ended before its time');
      if (Date.now() > endsAt)
        throw new Error(
          `${what} took more than ${timeoutMs} ms: ${tally.acknowledged} of ${tally.attempted} acknowledged`,
        );
      await delay(50);
    }
  }

  return {
    get tally() {
      return tally;
    },
    ledgerFile: plan.ledgerFile,
    startSeconds: plan.startSeconds,
    setRate: (perSecond) => tell({ order: 'rate', perSecond }),
    phase: (phase) => tell({ order: 'phase', phase }),
    untilAcknowledged: (count, timeoutMs = 60_000) =>
      until(`acknowledging ${count}`, () => tally.acknowledged >= count, timeoutMs),
    async finish(timeoutMs = 90_000) {
      tell({ order: 'finish' });
      await until('acknowledging the rest', () => tally.done, timeoutMs);
    },
    destroy: () => void child.kill('SIGKILL'),
  };
}
