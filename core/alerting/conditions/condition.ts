import type { z } from 'zod';
import type { Unit } from '../../contracts/alerting/unit.ts';
import type { AlertingSample, Figures, SeriesFigure } from '../sample.ts';

/** An alert as the words of its kind need it. */
export interface Lasting {
  agent: string;
  /** Its duration in words. */
  lasted: string;
  isOver: boolean;
}

/** The same with its figures, each with its unit. */
export interface Said extends Lasting {
  value: string;
  peak: string;
  threshold: string;
  /** `, mostly ffmpeg (62 %)`; empty where nobody knows. */
  mostly: string;
}

interface AnySource<Condition> {
  /** What its figure is measured in. */
  unit(condition: Condition): Unit;
  /** Whether culprits are those with most memory, not with most CPU. */
  byMemory(condition: Condition): boolean;
  /** What an alert says where its rule brings no words of its own. */
  summary(said: Said, condition: Condition): string;
}

/** Sees all it needs in one snapshot. */
interface FromSample<Condition> extends AnySource<Condition> {
  source: 'sample';
  /** How it reads a snapshot; called once for a rule. What is below `least` may be left out. */
  read(condition: Condition, least: number): (sample: AlertingSample) => Figures;
}

/** Looks at how a figure of the host went. */
interface FromSeries<Condition> extends AnySource<Condition> {
  source: 'series';
  /** How far the figure `of` is above its lowest of this long. */
  rise(condition: Condition): { of: SeriesFigure; withinSeconds: number };
}

/** Holds while nothing comes: no snapshot says so, the watch does. */
interface FromStaleness<Condition> extends AnySource<Condition> {
  source: 'staleness';
  summary(said: Lasting): string;
}

/** All there is to know of the conditions of one kind, but for their schema. */
export type ConditionSpec<Condition> =
  FromSample<Condition> | FromSeries<Condition> | FromStaleness<Condition>;

/** A kind of condition: what it is written as, and how it is evaluated and worded. */
export function defineCondition<Schema extends z.ZodObject<{ kind: z.ZodLiteral<string> }>>(
  schema: Schema,
  spec: ConditionSpec<z.output<Schema>>,
): { schema: Schema } & ConditionSpec<z.output<Schema>> {
  return { schema, ...spec };
}

/** What an alert says of a figure that is compared with a threshold. */
export function figureSummary(
  subject: string,
  { agent, lasted, isOver, value, peak, threshold, mostly }: Said,
): string {
  return isOver
    ? `${agent}: ${subject} was at or above ${threshold} for ${lasted}, peak ${peak}${mostly}`
    : `${agent}: ${subject} at ${value}, at or above ${threshold} for ${lasted}${mostly}`;
}
