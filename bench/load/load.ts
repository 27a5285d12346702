import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, Measured, Order, Report, Stopped } from './plan.ts';

/** A running generator. */
export interface Load {
  readonly pid: number;
  /** Mean length of a snapshot's JSON as sent, in bytes. */
  readonly snapshotBytes: number;
  /** Snapshots answered with 2xx since the start, as told last. */
  readonly acknowledged: number;
  start(): void;
  allow(snapshots: number): void;
  begin(): void;
  end(): Promise<Measured>;
  /** Sends nothing new, and resolves when everything is answered. */
  stop(): Promise<Stopped>;
  destroy(): void;
}

type Told<Kind extends Report['report']> = Extract<Report, { report: Kind }>;

/** @throws {Error} when a connection cannot be had */
export async function startLoad(plan: LoadPlan): Promise<Load> {
  const path = fileURLToPath(new URL('./generator.js', import.meta.url));
  const child = fork(path, [JSON.stringify(plan)], {
    env: { PATH: process.env['PATH'] ?? '' },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Structured clones instead of JSON: send times are many.
    serialization: 'advanced',
  });
  let acknowledged = 0;
  child.on('message', (message: Report) => {
    if (message.report === 'acknowledged') acknowledged = message.snapshots;
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`the load generator ended with code ${code}: see above for why`)),
    );
  });
  // Whoever waits for a report is told; an end that nobody waits for shows at the next report.
  ended.catch(() => undefined);

  function told<Kind extends Report['report']>(kind: Kind): Promise<Told<Kind>> {
    const report = new Promise<Told<Kind>>((resolve) => {
      const listen = (message: Report) => {
        if (message.report !== kind) return;
        child.off('message', listen);
        resolve(message as Told<Kind>);
      };
      child.on('message', listen);
    });
    return Promise.race([report, ended]);
  }

  function order<Kind extends Report['report']>(given: Order, answer: Kind): Promise<Told<Kind>> {
    const report = told(answer);
    child.send(given);
    return report;
  }

  const { snapshotBytes } = await told('connected');
  return {
    pid: child.pid ?? 0,
    snapshotBytes,
    get acknowledged() {
      return acknowledged;
    },
    start: () => void child.send({ order: 'start' } satisfies Order),
    allow: (snapshots) => void (child.connected && child.send({ order: 'allow', snapshots } satisfies Order)),
    begin: () => void child.send({ order: 'begin' } satisfies Order),
    end: () => order({ order: 'end' }, 'measured'),
    stop: () => order({ order: 'stop' }, 'stopped'),
    destroy: () => void child.kill('SIGKILL'),
  };
}
