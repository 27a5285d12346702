import type { AlertCondition } from '../../../../core/contracts/alerting/rule.ts';
import type { FieldReader } from '../../../form/fieldReader.ts';
import type { DryRunFigure } from '../dryRunFigure.ts';

/** A field of a condition, as the form shows it. */
export interface ConditionField<Form> {
  key: keyof Form & string;
  /** In the contract, for what is wrong with it. */
  place: string;
  label: string;
  hint?: string;
  /** One of these is chosen; otherwise it is typed. */
  choices?: readonly (readonly [value: string, text: string])[];
  /** The threshold, which is followed by its unit. */
  isThreshold?: true;
  /** Has a row of its own, above the others. */
  isWide?: true;
}

/** All the form knows of conditions of one kind, but for what it begins with. */
export interface ConditionSpec<Condition, Form> {
  /** What the kind is called. */
  label: string;
  fields: readonly ConditionField<Form>[];
  /** Of the threshold; absent where no figure is compared with one. */
  unit?(form: Form): string;
  /** What of the form says the same as a condition. */
  write(condition: Condition): Partial<Form>;
  read(form: Form, reader: FieldReader): Condition;
  /** What it is about, in words: `CPU at or above 90 %`. */
  text(condition: Condition): string;
  /** The figure of a host that says most about it: the one it is about, or the CPU. */
  figure(condition: Condition): DryRunFigure;
}

/** @param initially what its fields hold in a new rule */
export function defineCondition<
  Kind extends AlertCondition['kind'],
  Form extends Readonly<Record<string, string>>,
>(
  kind: Kind,
  initially: Form,
  spec: ConditionSpec<Extract<AlertCondition, { kind: Kind }>, Form>,
): { kind: Kind; initially: Form } & ConditionSpec<Extract<AlertCondition, { kind: Kind }>, Form> {
  return { kind, initially, ...spec };
}

/** What every kind with a figure begins with: whoever looks at another kind finds the threshold as it was typed. */
export const THRESHOLD_INITIALLY = { atOrAbove: '90' };

const PLACE = 'condition.at_or_above';

export const THRESHOLD = { key: 'atOrAbove', place: PLACE, label: 'At or above', isThreshold: true } as const;

export function readThreshold({ atOrAbove }: typeof THRESHOLD_INITIALLY, reader: FieldReader): number {
  return reader.number(PLACE, atOrAbove);
}

export function writeThreshold({ at_or_above }: { at_or_above: number }): typeof THRESHOLD_INITIALLY {
  return { atOrAbove: String(at_or_above) };
}
