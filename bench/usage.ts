import { readdirSync, readFileSync } from 'node:fs';
import { groupBy } from '../core/collections.ts';

/** Clock ticks a second in /proc: USER_HZ, which is 100 on every platform Node.js runs on (`getconf CLK_TCK`). */
const TICKS_A_SECOND = 100;

/** One line of /proc/PID/stat, as far as it matters here (proc(5)). */
export interface Stat {
  pid: number;
  parent: number;
  /** Its own and that of children it has reaped. */
  ticks: number;
}

/** What stood on the clock when it was read; two of them make a usage. */
export interface Reading {
  /** Ticks of each role. */
  roles: Record<string, number>;
  /** Ticks the whole machine was busy, whoever made it. */
  busy: number;
  /** Ticks that the host of this virtual machine gave to others. */
  stolen: number;
}

export interface RoleUsage {
  role: string;
  cpuSeconds: number;
  peakMb: number;
}

export interface Usage {
  roles: RoleUsage[];
  /** CPU time of everything else on the machine, in seconds. */
  othersSeconds: number;
  stolenSeconds: number;
}

/** Processes by what they are; several of one role count together. */
export type Roles = Record<string, number[]>;

/** The name stands in parentheses and may hold any of what separates the fields, so they are counted from its end. */
export function parseStat(text: string): Stat | undefined {
  const end = text.lastIndexOf(')');
  if (end === -1) return undefined;
  const fields = text.slice(end + 2).split(' ');
  const number = (i: number) => Number(fields[i] ?? 0);
  return {
    pid: Number.parseInt(text, 10),
    parent: number(1),
    ticks: number(11) + number(12) + number(13) + number(14),
  };
}

/** Ticks of each process and of all its descendants. */
export function ticksOfTrees(stats: readonly Stat[], roots: readonly number[]): number {
  const children = groupBy(stats, ({ parent }) => parent);
  const byId = new Map(stats.map((stat) => [stat.pid, stat]));
  const ofTree = (pid: number): number =>
    (byId.get(pid)?.ticks ?? 0) +
    (children.get(pid) ?? []).reduce((sum, child) => sum + ofTree(child.pid), 0);
  return roots.reduce((sum, pid) => sum + ofTree(pid), 0);
}

/** This process, which starts the others and looks on: not its descendants, which are the others. */
const HARNESS = 'harness';

function ownTicks(): number {
  const { user, system } = process.cpuUsage();
  return ((user + system) / 1e6) * TICKS_A_SECOND;
}

function readStats(): Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => parseStat(textOf(`/proc/${name}/stat`)) ?? []);
}

/** A process may end while it is being looked at. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export function readUsage(roles: Roles): Reading {
  const stats = readStats();
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] =
    textOf('/proc/stat').split('\n')[0]?.split(/ +/).map(Number) ?? [];
  return {
    roles: {
      ...Object.fromEntries(Object.entries(roles).map(([role, pids]) => [role, ticksOfTrees(stats, pids)])),
      [HARNESS]: ownTicks(),
    },
    busy: user + nice + system + irq + softIrq,
    stolen: steal,
  };
}

/** What was used between two readings, and the peak memory up to now. */
export function usageSince(before: Reading, now: Reading, roles: Roles): Usage {
  const used = [...Object.keys(roles), HARNESS].map((role) => ({
    role,
    cpuSeconds: ((now.roles[role] ?? 0) - (before.roles[role] ?? 0)) / TICKS_A_SECOND,
    peakMb: role === HARNESS ? kilobytesIn('/proc/self/status', 'VmHWM') / 1024 : memoryMb(roles[role] ?? []),
  }));
  const ours = used.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  return {
    roles: used,
    othersSeconds: Math.max(0, (now.busy - before.busy) / TICKS_A_SECOND - ours),
    stolenSeconds: (now.stolen - before.stolen) / TICKS_A_SECOND,
  };
}

/**
 * A process alone: the most it ever had (VmHWM). One with children, such as PostgreSQL: what they have now, with shared
 * pages counted once (PSS), because the sum of their peaks would count the shared buffers for each.
 */
function memoryMb(pids: readonly number[]): number {
  const stats = readStats();
  const kilobytes = pids.map((pid) => {
    const tree = descendants(stats, pid);
    if (tree.length === 1) return kilobytesIn(`/proc/${pid}/status`, 'VmHWM');
    return tree.reduce((sum, one) => sum + kilobytesIn(`/proc/${one}/smaps_rollup`, 'Pss'), 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

/** What processes, without their children, have in memory now. */
export function residentMb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kilobytesIn(`/proc/${pid}/status`, 'VmRSS'), 0) / 1024;
}

function descendants(stats: readonly Stat[], pid: number): number[] {
  return [
    pid,
    ...stats.filter(({ parent }) => parent === pid).flatMap((child) => descendants(stats, child.pid)),
  ];
}

function kilobytesIn(file: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(textOf(file))?.[1] ?? 0);
}
