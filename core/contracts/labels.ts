import { z } from 'zod';

/** Most labels one side, an agent or the operator, may give to an agent. */
export const MAX_LABELS = 16;

export const LABEL_KEY_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

/** Neither commas nor spaces nor `=`: whatever is allowed can stand in the header, in a query and in a shell. */
export const LABEL_VALUE_PATTERN = /^[A-Za-z0-9._:/@+-]{1,128}$/;

/** The longest usable header: every label with the longest key and value, an `=` and a comma. */
export const MAX_LABELS_TEXT = MAX_LABELS * (64 + 128 + 2);

const KEY_RULE = 'Label key must be 1-64 of A-Z a-z 0-9 . _ -';
const VALUE_RULE = 'Label value must be 1-128 of A-Z a-z 0-9 . _ : / @ + -';

export const labelKeySchema = z.string().regex(LABEL_KEY_PATTERN, KEY_RULE);
export const labelValueSchema = z.string().regex(LABEL_VALUE_PATTERN, VALUE_RULE);

export const labelsSchema = z
  .record(labelKeySchema, labelValueSchema)
  .meta({ id: 'Labels', description: 'What an agent is sorted by.', example: { env: 'prod', role: 'web' } });

export type Labels = z.output<typeof labelsSchema>;

/** One label as `key=value`. */
export const labelTextSchema = z
  .string()
  .refine((text) => parseLabel(text) !== undefined, `Must be key=value. ${KEY_RULE}. ${VALUE_RULE}`)
  .meta({ example: 'env=prod' });

/** `label` in a query, once or several times. */
export const labelQuerySchema = z
  .union([labelTextSchema, z.array(labelTextSchema).max(MAX_LABELS)])
  .optional()
  .meta({
    description: 'key=value; given several times, an agent must have all of them. Needs POSTGRES_DSN.',
    example: 'env=prod',
  });

/** Labels as an agent sends them: `key=value,key=value`; an empty text says that it has none. */
export const labelsTextSchema = z
  .string()
  .max(MAX_LABELS_TEXT)
  .refine(
    (text) => parseLabels(text) !== undefined,
    `Must be key=value,key=value: at most ${MAX_LABELS}, each key once. ${KEY_RULE}. ${VALUE_RULE}`,
  )
  .meta({ example: 'env=prod,role=web' });

/** Key and value of `key=value`; undefined where it is none. */
export function parseLabel(text: string): [key: string, value: string] | undefined {
  const end = text.indexOf('=');
  const [key, value] = [text.slice(0, end), text.slice(end + 1)];
  return end > 0 && LABEL_KEY_PATTERN.test(key) && LABEL_VALUE_PATTERN.test(value) ? [key, value] : undefined;
}

/** The labels of `key=value,key=value`, without a prototype's names among them; undefined where it is no such text. */
export function parseLabels(text: string): Labels | undefined {
  if (text === '') return {};
  const pairs = text.split(',').map((part) => parseLabel(part.trim()));
  const known = pairs.filter((pair) => pair !== undefined);
  if (known.length < pairs.length || known.length > MAX_LABELS) return undefined;
  return new Set(known.map(([key]) => key)).size === known.length ? Object.fromEntries(known) : undefined;
}
