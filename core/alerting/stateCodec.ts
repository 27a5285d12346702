import { z } from 'zod';
import { alertChangeSchema, alertSchema } from '../contracts/alerting/alert.ts';
import { NEVER_SEEN, type AgentAlerting, type PastAlert } from './agentAlerting.ts';
import { CONDITION_KINDS } from './conditions/index.ts';
import { packSeries, unpackSeries } from './series.ts';
import { SERIES_FIGURES, type Reading } from './sample.ts';
import type { SampleTimes } from './sampleTimes.ts';
import type { NameSums, CulpritSums } from './culprits.ts';

/**
 * The state as it is kept in Redis: one is written for each agent of each batch, so what is not there takes no room, and
 * lists of figures are flat. Times in them are steps from the one before. Its names are older than those of the code: they
 * stay, because states lie in Redis across an upgrade, and workers of two versions share them while it goes on.
 */
const numbers = z.array(z.number());

const evidenceSchema = z.object({
  peak: z.number(),
  sum: z.number(),
  held: z.number(),
  samples: z.number(),
  gaps: z.number(),
  lastAt: z.number(),
});

const machineSchema = z.object({
  tracks: z.array(
    z.object({ key: z.number(), since: z.number(), qualified: z.boolean(), evidence: evidenceSchema }),
  ),
  firing: z
    .object({
      id: z.string().nullable(),
      startedAt: z.number(),
      firedAt: z.number(),
      value: z.number(),
      flapping: z.boolean(),
      keys: numbers,
      overSince: z.number().nullable(),
      resolvedAt: z.number().nullable(),
      evidence: evidenceSchema,
    })
    .nullable(),
});

const sumsSchema = z.object({
  samples: z.number(),
  cpu: z.number(),
  memory: z.number(),
  names: z.array(
    z.tuple([z.string(), z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]),
  ),
});

/**
 * What is behind the common part of its id, revision, and when it ended; of one that has fired also when it began and
 * fired, at which value, and whether it was flapping.
 */
const pastSchema = z.union([
  z.tuple([z.string(), z.number(), z.number()]),
  z.tuple([z.string(), z.number(), z.number(), z.number(), z.number(), z.number().nullable(), z.boolean()]),
]);

const ruleStateSchema = z.object({
  version: z.number(),
  kind: z.enum(CONDITION_KINDS),
  from: z.number().nullable(),
  /** Step and value of each; where a pid tells them apart, step, pid and value. */
  readings: numbers.optional(),
  keyed: z.literal(1).optional(),
  folded: machineSchema.optional(),
  open: z
    .array(z.object({ alert: alertSchema, usage: sumsSchema.optional(), toldAt: z.number() }))
    .optional(),
  past: z.object({ of: z.string(), list: z.array(pastSchema) }).optional(),
});

const storedSchema = z.object({
  foldedTo: z.number().optional(),
  /** First time, then the runs. */
  times: numbers.optional(),
  heardAtMs: z.number().optional(),
  noDataSince: z.number().optional(),
  labels: z.string().optional(),
  courses: z.partialRecord(z.enum(SERIES_FIGURES), z.string()).optional(),
  standings: z.record(z.string(), ruleStateSchema).optional(),
  firedAt: z.record(z.string(), numbers).optional(),
  untold: z.array(alertChangeSchema.extend({ forSeconds: z.number() })).optional(),
});

type Stored = z.input<typeof storedSchema>;

/** The state as text, for {@link parseAlerting}. */
export function serialiseAlerting(state: AgentAlerting): string {
  const { foldedTo, times, receivedAtMs, noDataSince, labels, series, ruleStates, firedAt, outbox } = state;
  const stored: Stored = {};
  if (foldedTo !== null) stored.foldedTo = foldedTo;
  if (times !== undefined) stored.times = [times.first, ...times.runs];
  if (receivedAtMs !== null) stored.heardAtMs = receivedAtMs;
  if (noDataSince !== null) stored.noDataSince = noDataSince;
  if (labels !== undefined) stored.labels = labels;
  if (hasAny(series))
    stored.courses = Object.fromEntries(Object.entries(series).map(([of, one]) => [of, packSeries(one)]));
  if (hasAny(ruleStates))
    stored.standings = Object.fromEntries(
      Object.entries(ruleStates).map(([id, ruleState]) => [id, packRuleState(ruleState)]),
    );
  if (hasAny(firedAt)) stored.firedAt = firedAt as Record<string, number[]>;
  if (outbox.length > 0) stored.untold = [...outbox];
  return JSON.stringify(stored);
}

/** The state of a text; that of an agent never seen where there is none, undefined where it is damaged. */
export function parseAlerting(text: string | undefined): AgentAlerting | undefined {
  if (text === undefined) return NEVER_SEEN;
  try {
    const stored = storedSchema.parse(JSON.parse(text));
    const { foldedTo, times, heardAtMs, noDataSince, labels, courses, standings, firedAt, untold } = stored;
    return {
      foldedTo: foldedTo ?? null,
      times: times === undefined ? undefined : unpackTimes(times),
      receivedAtMs: heardAtMs ?? null,
      noDataSince: noDataSince ?? null,
      labels,
      series: Object.fromEntries(Object.entries(courses ?? {}).map(([of, text]) => [of, unpackSeries(text)])),
      ruleStates: Object.fromEntries(
        Object.entries(standings ?? {}).map(([id, ruleState]) => [id, unpackRuleState(ruleState)]),
      ),
      firedAt: firedAt ?? {},
      outbox: untold ?? [],
    };
  } catch {
    return undefined;
  }
}

function hasAny(object: object): boolean {
  for (const _ in object) return true;
  return false;
}

/** A damaged text must not make the reader count for ever. */
const MAX_TIMES = 10_000;

function unpackTimes([first = 0, ...runs]: number[]): SampleTimes {
  let last = first;
  let count = 1;
  for (let run = 0; run < runs.length; run += 2) {
    const [step = 0, times = 0] = [runs[run], runs[run + 1]];
    if (step <= 0 || times <= 0 || !Number.isInteger(times)) throw new RangeError('no such run');
    last += step * times;
    count += times;
  }
  if (count > MAX_TIMES) throw new RangeError('too many samples');
  return { first, runs, last, count };
}

type PackedRuleState = z.output<typeof ruleStateSchema>;

function packRuleState(ruleState: AgentAlerting['ruleStates'][string]): z.input<typeof ruleStateSchema> {
  const { version, kind, from, readings, folded, open, past } = ruleState;
  const packed: z.input<typeof ruleStateSchema> = { version, kind, from };
  if (readings.length > 0) {
    const keyed = readings.some(({ key }) => key !== 0);
    if (keyed) packed.keyed = 1;
    packed.readings = packReadings(readings, keyed);
  }
  if (folded.tracks.length > 0 || folded.firing !== null)
    packed.folded = { tracks: [...folded.tracks], firing: folded.firing };
  if (open.length > 0)
    packed.open = open.map(({ alert, sums, publishedAt }) => ({
      alert,
      toldAt: publishedAt,
      usage: sums && packSums(sums),
    }));
  if (past.length > 0) packed.past = packPast(past);
  return packed;
}

function unpackRuleState({ version, kind, from, readings, keyed, folded, open, past }: PackedRuleState) {
  return {
    version,
    kind,
    from,
    readings: unpackReadings(readings ?? [], keyed === 1),
    folded: folded ?? { tracks: [], firing: null },
    open: (open ?? []).map(({ alert, usage, toldAt }) => ({
      alert,
      sums: usage && unpackSums(usage),
      publishedAt: toldAt,
    })),
    past: past === undefined ? [] : unpackPast(past),
  };
}

function packPast(past: readonly PastAlert[]): NonNullable<PackedRuleState['past']> {
  const of = commonStart(past.map(({ id }) => id));
  const list = past.map(({ id, revision, endedAt, fired }): z.output<typeof pastSchema> => {
    const own = id.slice(of.length);
    return fired === null
      ? [own, revision, endedAt]
      : [own, revision, endedAt, fired.startedAt, fired.firedAt, fired.value, fired.flapping];
  });
  return { of, list };
}

function unpackPast({ of, list }: NonNullable<PackedRuleState['past']>): PastAlert[] {
  return list.map(([own, revision, endedAt, startedAt, firedAt, value = null, flapping = false]) => {
    const hasFired = startedAt !== undefined && firedAt !== undefined;
    const fired = hasFired ? { startedAt, firedAt, value, flapping } : null;
    return { id: of + own, revision, endedAt, fired };
  });
}

function commonStart([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

function packReadings(readings: readonly Reading[], keyed: boolean): number[] {
  const packed: number[] = [];
  let before = 0;
  for (const { at, key, value } of readings) {
    if (keyed) packed.push(at - before, key, value);
    else packed.push(at - before, value);
    before = at;
  }
  return packed;
}

function unpackReadings(packed: number[], keyed: boolean): Reading[] {
  const readings: Reading[] = [];
  let at = 0;
  const width = keyed ? 3 : 2;
  for (let place = 0; place < packed.length; place += width) {
    at += packed[place] ?? 0;
    readings.push({ at, key: keyed ? (packed[place + 1] ?? 0) : 0, value: packed[place + width - 1] ?? 0 });
  }
  return readings;
}

function packSums({ samples, cpu, memory, names }: CulpritSums): z.input<typeof sumsSchema> {
  return {
    samples,
    cpu,
    memory,
    names: names.map((one) => [
      one.name,
      one.pid,
      one.lead,
      one.cpu,
      one.memory,
      one.peakCpu,
      one.peakMemory,
    ]),
  };
}

function unpackSums({ samples, cpu, memory, names }: z.output<typeof sumsSchema>): CulpritSums {
  return {
    samples,
    cpu,
    memory,
    names: names.map(([name, pid, lead, own, ownMemory, peakCpu, peakMemory]): NameSums => ({
      name,
      pid,
      lead,
      cpu: own,
      memory: ownMemory,
      peakCpu,
      peakMemory,
    })),
  };
}
