import {
  clockSkewSeconds,
  intervalMs,
  sparkline,
  sparkTenths,
  type AgentState,
} from '../../core/fleet/agentState.ts';
import { SPARK_POINTS, type Agent, type Condition } from '../../core/contracts/agents.ts';
import type { Labels } from '../../core/contracts/labels.ts';
import type { JsonBytes } from '../../core/jsonBytes.ts';
import type { AgentRecord } from '../../core/stores/postgres/agents.ts';

/** An agent with what its line is made of: of a thousand, most are only sorted and counted. */
export interface AgentLine {
  id: string;
  name: string;
  labels: Labels;
  condition: Condition;
  firstSeen: number;
  lastSeen: number;
  /** Undefined for one that has not reported for long. */
  state: AgentState | undefined;
}

/** What PostgreSQL knows of an agent and what Redis does: either may be behind the other. */
export function agentLine(
  id: string,
  record: AgentRecord | undefined,
  state: AgentState | undefined,
): AgentLine | undefined {
  if (record === undefined && state === undefined) return undefined;
  const firstReceived = state && Math.floor(state.firstReceivedAtMs / 1000);
  return {
    id,
    name: record?.name ?? id,
    labels: record?.labels ?? {},
    condition: state?.condition ?? 'offline',
    firstSeen: record?.firstSeen ?? firstReceived ?? 0,
    lastSeen: state === undefined ? (record?.lastSeen ?? 0) : Math.floor(state.receivedAtMs / 1000),
    state,
  };
}

/** A line for every agent that either knows. */
export function agentLines(records: AgentRecord[], states: ReadonlyMap<string, AgentState>): AgentLine[] {
  const known = new Map(records.map((record) => [record.agentId, record]));
  const ids = new Set([...known.keys(), ...states.keys()]);
  return [...ids].flatMap((id) => agentLine(id, known.get(id), states.get(id)) ?? []);
}

/** The line as it is answered. */
export function toAgent(line: AgentLine, nowSeconds: number): Agent {
  const { state } = line;
  return {
    ...allButSparkline(line),
    sparkline: state === undefined ? NO_SPARKLINE : sparkline(state, nowSeconds),
  };
}

/** The same as JSON, to the byte: of a fleet, thirty thousand figures of sparklines are most of what there is to write. */
export function writeAgent(json: JsonBytes, line: AgentLine, nowSeconds: number): void {
  const { state } = line;
  json.value(allButSparkline(line));
  json.back();
  json.ascii(',"sparkline":');
  json.list(state === undefined ? NO_SPARKLINE : sparkTenths(state, nowSeconds), (tenths) => {
    if (tenths === null) json.ascii('null');
    else json.decimal(tenths, 1);
  });
  json.ascii('}');
}

const NO_SPARKLINE = Array.from({ length: SPARK_POINTS }, () => null);

function allButSparkline(line: AgentLine): Omit<Agent, 'sparkline'> {
  const { id, name, labels, condition, firstSeen, lastSeen, state } = line;
  const interval = state && intervalMs(state);
  return {
    id,
    name,
    labels,
    state: condition,
    first_seen: firstSeen,
    last_seen: lastSeen,
    interval_seconds: interval === undefined ? null : Math.round(interval / 100) / 10,
    clock_skew_seconds: state === undefined ? null : clockSkewSeconds(state),
    latest: state === undefined ? null : latestOf(state),
  };
}

function latestOf({ latest }: AgentState): Agent['latest'] {
  const { timestamp, cpuPercent, memoryUsedMb, memoryTotalMb, top } = latest;
  return {
    timestamp,
    total_cpu_percent: cpuPercent,
    system_memory_used_mb: memoryUsedMb,
    system_memory_total_mb: memoryTotalMb,
    top_process: top === null ? null : { name: top.name, cpu_percent: top.cpuPercent },
  };
}
