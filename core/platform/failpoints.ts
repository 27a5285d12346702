/**
 * Named places at which a process ends or freezes itself, and protections that can be switched off, for
 * `npm run test:faults` alone. Nothing is armed unless FAILPOINTS says so, and production refuses that setting.
 */

/** A protection the fault tests switch off to see that they notice. */
export type Weakness =
  /** Answers before the queues have the batch. */
  | 'answer-first'
  /** Lets BullMQ number the jobs, so that the same add sent twice makes two jobs. */
  | 'generated-ids'
  /** Sends an add again whose answer was lost, as ioredis does unless told otherwise. */
  | 'resend'
  /** BullMQ's default: a job whose worker died twice has failed. */
  | 'stalled-once';

interface Point {
  signal: 'SIGKILL' | 'SIGSTOP';
  /** How many more passes until it strikes; it strikes once. */
  passes: number;
}

const points = new Map<string, Point>();
const weaknesses = new Set<string>();

/** Arms what the setting FAILPOINTS lists, such as `persist.done=kill@3` (at the third pass) or `stalled-once`. */
export function armFailpoints(settings: readonly string[]): void {
  points.clear();
  weaknesses.clear();
  for (const text of settings) {
    const [name = '', action] = text.split('=');
    if (action === undefined) weaknesses.add(name);
    else {
      const [verb, pass = '1'] = action.split('@');
      points.set(name, { signal: verb === 'freeze' ? 'SIGSTOP' : 'SIGKILL', passes: Number(pass) });
    }
  }
}

/** A place in the code: does nothing unless it is armed. */
export async function failpoint(name: string): Promise<void> {
  const point = points.get(name);
  if (point === undefined || --point.passes > 0) return;
  points.delete(name);
  process.kill(process.pid, point.signal);
  // SIGKILL takes effect at the next return from the kernel; nothing more of us is to happen until then.
  if (point.signal === 'SIGKILL') await new Promise(() => undefined);
}

/** Whether a protection is switched off. */
export function isWeakened(name: Weakness): boolean {
  return weaknesses.has(name);
}
