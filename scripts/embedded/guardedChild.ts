import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { messageOf } from '../../core/errors.ts';
import { withTimeout } from '../../core/withTimeout.ts';

/** How a child ended: one of the two is null. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A server that runs beside us and ends when we do, however we end. */
export interface GuardedChild {
  /** Process id of the server itself (the guard is its parent). */
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Sends a signal to the server; does nothing once it is gone. */
  signal(name: NodeJS.Signals): void;
  /** Sends each signal in turn until the server is gone, at last SIGKILL to it and its guard. */
  stop(steps: { signal: NodeJS.Signals; waitMs: number }[]): Promise<Exit>;
}

export interface GuardedCommand {
  command: string;
  args: string[];
  /** The whole environment of the server: nothing of ours is passed on unasked. */
  env: Record<string, string>;
  /** Gets what the server writes to stdout and stderr; made with mode 0600. */
  logFile: string;
  /** Sent to the server when our process is gone. SIGKILL follows after `graceSeconds`. */
  stopSignal: 'TERM' | 'INT';
  graceSeconds: number;
  /** To run as somebody else; only root may. */
  user?: { uid: number; gid: number };
}

/**
 * The guard: a shell that starts the server and then reads signal names from our pipe. The kernel closes that pipe
 * whatever way our process ends, SIGKILL included, and the end of input is the order to stop the server. It ignores
 * nothing for good, so a SIGTERM sent to the guard stops the server too. Its exit status is the server's. The reader is
 * ended with KILL: a TERM that comes before it has put its traps aside is lost.
 */
const GUARD = `
stop=$1 grace=$2; shift 2
exec 3<&0
"$@" 3<&- >&2 </dev/null &
child=$!
echo "$child"
exec >&2
trap 'kill -s "$stop" "$child" 2>/dev/null' TERM INT HUP
(
  trap - TERM INT HUP
  while read -r name <&3; do kill -s "$name" "$child" 2>/dev/null; done
  kill -s "$stop" "$child" 2>/dev/null
  while [ "$grace" -gt 0 ]; do
    sleep 1; kill -0 "$child" 2>/dev/null || exit 0
    grace=$((grace - 1))
  done
  kill -s KILL "$child" 2>/dev/null
) &
watcher=$!
exec 3<&-
while :; do
  wait "$child"; status=$?
  kill -0 "$child" 2>/dev/null || break
done
kill -s KILL "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
exit "$status"
`;

/**
 * Starts a server under a guard, in a session of its own: a Ctrl-C in the terminal reaches us and not the server, so
 * that it can outlive those who still need it, and a SIGKILL of our process takes the server along.
 *
 * @throws where the shell or the log file cannot be opened; a command that cannot be run shows as an early exit.
 */
export async function spawnGuarded(options: GuardedCommand): Promise<GuardedChild> {
  const log = await open(options.logFile, 'a', 0o600);
  const guard = spawn(
    '/bin/sh',
    [
      '-c',
      GUARD,
      'topline-guard',
      options.stopSignal,
      String(options.graceSeconds),
      options.command,
      ...options.args,
    ],
    { cwd: '/', env: options.env, stdio: ['pipe', 'pipe', log.fd], detached: true, ...options.user },
  );
  const { stdin, stdout, pid: guardPid } = guard;
  if (!stdin || !stdout) throw new Error('the guard has no pipes');
  // A write that comes too late, after the server has gone, is no fault.
  stdin.on('error', () => undefined);
  const exited = new Promise<Exit>((resolve) => {
    guard.once('error', () => resolve({ code: 127, signal: null }));
    guard.once('exit', (code, signal) => {
      // Should the guard alone have been killed, the end of input tells its reader to stop the server.
      stdin.destroy();
      resolve(asExit(code, signal));
    });
  });
  try {
    const pid = await Promise.race([firstLine(stdout), failure(guard)]);
    const signal = (name: NodeJS.Signals) =>
      void (stdin.writable && stdin.write(`${name.slice('SIG'.length)}\n`));
    return { pid: Number(pid ?? 0), exited, signal, stop };

    async function stop(steps: { signal: NodeJS.Signals; waitMs: number }[]): Promise<Exit> {
      for (const step of steps) {
        signal(step.signal);
        const exit = await withTimeout(
          step.waitMs,
          () => exited,
          () => undefined,
        );
        if (exit) return exit;
      }
      if (guardPid !== undefined) killGroup(guardPid);
      return exited;
    }
  } finally {
    await log.close();
  }
}

/** A shell says 128 + n where the command died of signal n. */
function asExit(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (code === null || code <= 128) return { code, signal };
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return name === undefined ? { code, signal } : { code: null, signal: name as NodeJS.Signals };
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | undefined> {
  const lines = createInterface({ input: stream });
  for await (const line of lines) return line;
  return undefined;
}

function failure(child: NodeJS.EventEmitter): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', (error) => reject(new Error(`the guard cannot be run: ${messageOf(error)}`)));
  });
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** `exit code 1` or `SIGKILL`, for a line to the user. */
export function describeExit({ code, signal }: Exit): string {
  return signal ?? `exit code ${code}`;
}
