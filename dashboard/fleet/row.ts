import type { Agent, Condition } from '../../core/contracts/agents.ts';
import type { AgentStateEvent, FleetLine } from '../../core/contracts/live.ts';
import { DEFAULT_AGENT } from './defaultAgent.ts';
import type { ListedSnapshot } from './defaultAgent.ts';
import { emptySpark, sparkOf, withPeak, type Spark } from './spark.ts';

/** What was measured last, with names as short as a list of a thousand asks for. */
export interface Figures {
  cpu: number;
  memoryUsedMb: number;
  memoryTotalMb: number;
  top: { name: string; cpu: number } | undefined;
}

/** A host as the list shows it. Never changed in place: who has seen one knows by `===` whether there is news. */
export interface Row {
  id: string;
  /** Given by the operator; the id where none was given. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** As the server told last. */
  state: Condition;
  /** Epoch seconds by the server's clock. */
  lastSeen: number;
  /** Usual seconds between its reports; undefined until that is known. */
  interval: number | undefined;
  latest: Figures | undefined;
  spark: Spark;
}

/** A row of `GET /api/agents`. */
export function rowOfAgent(agent: Agent, nowSeconds: number): Row {
  const { id, name, labels, state, last_seen, interval_seconds, latest, sparkline } = agent;
  return {
    id,
    name,
    labels,
    state,
    lastSeen: last_seen,
    interval: interval_seconds ?? undefined,
    latest: latest === null ? undefined : figuresOf(latest),
    spark: sparkOf(sparkline, nowSeconds),
  };
}

/** A row of one that was not known until it was heard. */
export function rowOfLine(line: FleetLine, nowSeconds: number): Row {
  const row: Row = {
    id: line.agent_id,
    name: line.agent_id,
    labels: {},
    state: 'online',
    lastSeen: nowSeconds,
    interval: undefined,
    latest: undefined,
    spark: emptySpark(nowSeconds),
  };
  return withLine(row, line, nowSeconds);
}

/** It reported just now: a live line is never of before. */
export function withLine(row: Row, line: FleetLine, nowSeconds: number): Row {
  return {
    ...row,
    state: 'online',
    lastSeen: nowSeconds,
    latest: figuresOf(line),
    spark: withPeak(row.spark, line.total_cpu_percent, nowSeconds),
  };
}

export function withState(row: Row, { state, last_seen }: AgentStateEvent): Row {
  return { ...row, state, lastSeen: Math.max(row.lastSeen, last_seen) };
}

/**
 * The rows of what was received in the last minutes, where no list is kept: without names, labels, and without who fell
 * silent before.
 *
 * @param snapshots oldest first
 */
export function rowsOfSnapshots(snapshots: readonly ListedSnapshot[], nowSeconds: number): Row[] {
  const times = new Map<string, number[]>();
  const rows = new Map<string, Row>();
  for (const snapshot of snapshots) {
    const id = snapshot.agent_id ?? DEFAULT_AGENT;
    const seen = times.get(id) ?? [];
    if (seen.length === 0) times.set(id, seen);
    seen.push(snapshot.timestamp);
    const row = rows.get(id) ?? rowOfLine(lineOf(snapshot, id), snapshot.timestamp);
    rows.set(id, withLine(row, lineOf(snapshot, id), snapshot.timestamp));
  }
  return [...rows.values()].map((row) => {
    const known = {
      ...row,
      lastSeen: Math.min(row.lastSeen, nowSeconds),
      interval: usualGap(times.get(row.id) ?? []),
    };
    return { ...known, state: silenceOf(known, nowSeconds) };
  });
}

function lineOf(snapshot: ListedSnapshot, agentId: string): FleetLine {
  const { timestamp, total_cpu_percent, system_memory_used_mb, system_memory_total_mb, top_processes } =
    snapshot;
  const top = top_processes.reduce<FleetLine['top_process']>(
    (most, one) => (most === null || one.cpu_percent > most.cpu_percent ? one : most),
    null,
  );
  return {
    agent_id: agentId,
    timestamp,
    total_cpu_percent,
    system_memory_used_mb,
    system_memory_total_mb,
    top_process: top,
  };
}

function figuresOf(measured: Omit<FleetLine, 'agent_id' | 'timestamp'>): Figures {
  const { total_cpu_percent, system_memory_used_mb, system_memory_total_mb, top_process } = measured;
  return {
    cpu: total_cpu_percent,
    memoryUsedMb: system_memory_used_mb,
    memoryTotalMb: system_memory_total_mb,
    top: top_process === null ? undefined : { name: top_process.name, cpu: top_process.cpu_percent },
  };
}

/** The median gap between times; undefined for fewer than two. */
function usualGap(times: readonly number[]): number | undefined {
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? time));
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

/** As the server judges (docs/fleet.md): after so many of its usual intervals, and not before so many seconds. */
const STALE = { intervals: 3, seconds: 10 };
const OFFLINE = { intervals: 5, seconds: 30 };

/** The interval of an agent of which none is known yet. */
const ASSUMED_INTERVAL = 60;

function isSilentFor({ intervals, seconds }: typeof STALE, row: Row, nowSeconds: number): boolean {
  return nowSeconds - row.lastSeen >= Math.max(seconds, intervals * (row.interval ?? ASSUMED_INTERVAL));
}

/** What its silence makes of a host, where the server does not say. */
export function silenceOf(row: Row, nowSeconds: number): Condition {
  if (isSilentFor(OFFLINE, row, nowSeconds)) return 'offline';
  return isSilentFor(STALE, row, nowSeconds) ? 'stale' : 'online';
}

/**
 * What a host is at a time. The server tells, within about a second; where it cannot, because what it hears by is away,
 * a host whose report is overdue does not pass for online.
 */
export function conditionAt(row: Row, nowSeconds: number): Condition {
  return row.state === 'online' && isSilentFor(STALE, row, nowSeconds) ? 'stale' : row.state;
}

/** The share of its memory that is used, in percent; undefined where that is not known. */
export function memoryShare(row: Row): number | undefined {
  const { memoryUsedMb, memoryTotalMb } = row.latest ?? { memoryUsedMb: 0, memoryTotalMb: 0 };
  return memoryTotalMb > 0 ? Math.min(100, (100 * memoryUsedMb) / memoryTotalMb) : undefined;
}
