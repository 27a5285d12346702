import { InvalidRequestError } from '../../core/errors.ts';
import type { TopBy } from '../../core/contracts/historyTerms.ts';
import { averageOf, ofHundredths, topOf } from '../../core/history/figures.ts';
import type { Coverage, RolledUp, Segment } from '../../core/history/segments.ts';
import { alignOutward, chooseStep, nameOfStep } from '../../core/history/steps.ts';
import type { TimeRange } from '../../core/history/times.ts';
import { mergeTotals, type ProcessTotals } from '../../core/rollup/processTotals.ts';
import type {
  AgentIds,
  FleetHistoryStore,
  FleetProcess,
  FleetStep,
  FleetUse,
} from '../../core/stores/postgres/fleetHistory.ts';

/**
 * Longest range of many hosts that is read from minutes, in seconds: of a thousand hosts that is 360,000 rows for a series
 * of CPU and memory, which PostgreSQL adds up, and 60,000 for processes, which are unpacked here.
 */
const MAX_SERIES_SECONDS = 6 * 3_600;
const MAX_PROCESSES_SECONDS = 3_600;

/** What a question about many hosts reads: one tier. */
export interface FleetQueryPlan {
  segment: Segment & { tier: 'minutes' | 'hours' };
  /** What was stored later is not in the answer. */
  until: number;
}

/**
 * @param asked seconds; undefined for the one that fits
 * @throws {InvalidRequestError} where a step below an hour is asked for over too long a range
 */
export function planFleetQuery(
  range: TimeRange,
  asked: number | undefined,
  coverage: Coverage,
  rolledUp: RolledUp,
): FleetQueryPlan & { stepSeconds: number } {
  const isLong = range.to - range.from > MAX_SERIES_SECONDS;
  const width = coverage.minutes.from > range.from ? 3_600 : 60;
  const step = asked ?? chooseStep(range, isLong ? 3_600 : width);
  const stepSeconds = Math.ceil(step / width) * width;
  const tier = stepSeconds % 3_600 === 0 ? 'hours' : 'minutes';
  if (tier === 'minutes' && isLong) throw needsHours();
  return { ...planIn(tier, alignOutward(range, stepSeconds), rolledUp), stepSeconds };
}

/** For a sum of processes: minutes up to an hour, whole hours beyond. */
export function planFleetSum(range: TimeRange, coverage: Coverage, rolledUp: RolledUp): FleetQueryPlan {
  const fromMinutes = range.to - range.from <= MAX_PROCESSES_SECONDS && coverage.minutes.from <= range.from;
  return fromMinutes
    ? planIn('minutes', alignOutward(range, 60), rolledUp)
    : planIn('hours', alignOutward(range, 3_600), rolledUp);
}

function planIn(
  tier: 'minutes' | 'hours',
  range: TimeRange,
  { minutesUntil = 0, hoursUntil = 0 }: RolledUp,
): FleetQueryPlan {
  return { segment: { tier, ...range }, until: Math.floor(tier === 'minutes' ? minutesUntil : hoursUntil) };
}

function needsHours(): InvalidRequestError {
  const msg = `For many hosts a range of more than ${MAX_SERIES_SECONDS / 3_600} hours needs a step of whole hours, such as ${nameOfStep(3_600)}`;
  return new InvalidRequestError([{ loc: ['query', 'step'], msg, type: 'invalid_step' }]);
}

/** One point of the history of many hosts. */
export function fleetPointOf(step: FleetStep) {
  const { time, hosts, samples } = step;
  return {
    time,
    hosts,
    samples,
    cpu: {
      avg: averageOf(step.cpuAverage, 1),
      min: ofHundredths(step.cpuMin),
      max: ofHundredths(step.cpuMax),
    },
    memory: {
      avg: averageOf(step.memoryAverage, 1),
      min: ofHundredths(step.memoryMin),
      max: ofHundredths(step.memoryMax),
      used: averageOf(step.memoryUsed, 1),
      total: ofHundredths(step.memoryTotal),
    },
    busiest: { agent: step.busiest, cpu_avg: averageOf(step.busiestCpu, 1) },
  };
}

/** What many hosts used, and the names that used the most. */
export interface FleetTop {
  use: FleetUse;
  processes: FleetProcess[];
}

export async function fleetTopOf(
  store: FleetHistoryStore,
  agents: AgentIds,
  { tier, ...range }: FleetQueryPlan['segment'],
  by: TopBy,
  limit: number,
): Promise<FleetTop> {
  if (tier === 'minutes') return topOfMinutes(store, agents, range, by, limit);
  const [use, processes] = await Promise.all([
    store.useOf(agents, tier, range),
    store.topOf(agents, range, by, limit),
  ]);
  return { use, processes };
}

async function topOfMinutes(
  store: FleetHistoryStore,
  agents: AgentIds,
  range: TimeRange,
  by: TopBy,
  limit: number,
): Promise<FleetTop> {
  const use: FleetUse = { hosts: 0, samples: 0, heldSeconds: 0, busyUnits: 0 };
  const totals = new Map<string, ProcessTotals>();
  /** By name: on how many hosts, and on which it was seen last. An agent's minutes come one behind the other. */
  const seen = new Map<string, { hosts: number; last: string }>();
  let lastAgent: string | undefined;
  for await (const page of store.minutesOf(agents, range)) {
    for (const { agentId, bucket } of page) {
      if (agentId !== lastAgent) use.hosts += 1;
      lastAgent = agentId;
      use.samples += bucket.samples;
      use.heldSeconds += bucket.heldSeconds;
      use.busyUnits += bucket.busyUnits;
      for (const [name, own] of bucket.processes) {
        mergeTotals(totals, name, own);
        const hosts = seen.get(name);
        if (hosts === undefined) seen.set(name, { hosts: 1, last: agentId });
        else if (hosts.last !== agentId) seen.set(name, { hosts: hosts.hosts + 1, last: agentId });
      }
    }
  }
  const processes = topOf(totals, by, limit).map(([name, own]) => ({
    name,
    totals: own,
    hosts: seen.get(name)?.hosts ?? 0,
  }));
  return { use, processes };
}
