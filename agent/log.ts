/** Writes one line for a human. */
export type Log = (line: string) => void;

const QUIET_MS = 60_000;

/** Lines with the time in front, in UTC. */
export function createLog(write: (text: string) => void, nowMs: () => number): Log {
  return (line) => write(`${new Date(nowMs()).toISOString()} ${line}\n`);
}

/** At most one line a minute: for what may happen with every snapshot. The next line tells how many were held back. */
export function limitToOneAMinute(log: Log, nowMs: () => number): Log {
  let lastMs = -Infinity;
  let held = 0;
  return (line) => {
    if (Math.abs(nowMs() - lastMs) < QUIET_MS) {
      held += 1;
      return;
    }
    log(held === 0 ? line : `${line} (${held} more like it since the last line)`);
    lastMs = nowMs();
    held = 0;
  };
}
