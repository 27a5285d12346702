import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { channelSchema, routeSchema } from '../contracts/alerting/notification.ts';
import { BUILT_IN_RULE_ID, newRuleSchema } from '../contracts/alerting/rule.ts';
import { messageOf } from '../errors.ts';
import { excessOf } from './ruleBounds.ts';
import type { FileSettings } from './settingsDocument.ts';

/** A mistake in a file, and where it is; line and column count from 1. */
export interface FileFault {
  line: number;
  column: number;
  /** Such as `rules[2].condition.kind`; empty where it is about the file. */
  field: string;
  message: string;
}

/** How often what is written once may be used: beyond that, a file of a few lines could take all memory. */
const MAX_ALIASES = 100;

type Path = (string | number)[];

/** Null is what YAML has where a key has nothing behind it. */
const listOf = <T>(schema: z.ZodType<T>) =>
  z
    .array(schema)
    .nullish()
    .transform((list) => list ?? []);

const fileSchema = z
  .strictObject({
    rules: listOf(newRuleSchema),
    channels: listOf(channelSchema),
    routes: listOf(routeSchema),
  })
  .nullable()
  .transform((file) => file ?? { rules: [], channels: [], routes: [] });

/**
 * Reads rules, channels and routes from YAML.
 *
 * @returns what it says, or every mistake in it with its place, in the order of the file
 */
export function parseSettingsFile(text: string): { settings: FileSettings } | { faults: FileFault[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0)
    return {
      faults: document.errors.map(({ pos, message }) => ({ ...placeAt(pos[0]), field: '', message })),
    };

  const faultAt = (path: Path, message: string): FileFault => ({
    ...placeAt(offsetOf(document, path)),
    field: fieldOf(path),
    message,
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return { faults: [faultAt([], messageOf(error))] };
  }
  const parsed = fileSchema.safeParse(value);
  const faults = parsed.success
    ? contradictionsIn(parsed.data).map(({ path, message }) => faultAt(path, message))
    : parsed.error.issues.flatMap((issue) =>
        faultsOf(issue, value).map(({ path, message }) => faultAt(path, message)),
      );
  if (!parsed.success || faults.length > 0)
    return { faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  return { settings: parsed.data };
}

/** What of a schema's fault to tell: a key that is not known is a fault of its own, at its own place. */
function faultsOf(issue: z.core.$ZodIssue, value: unknown): { path: Path; message: string }[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'There is no such field' }));
  const there = path.reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), value);
  return [{ path, message: there === undefined ? 'This field is required' : issue.message }];
}

function isObject(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What each part allows, and all of them together do not. */
function contradictionsIn({ rules, channels, routes }: FileSettings): { path: Path; message: string }[] {
  const known = new Set(channels.map(({ id }) => id));
  const twice = (kind: string, list: { id: string }[]) =>
    list.flatMap(({ id }, place) =>
      list.findIndex((other) => other.id === id) < place
        ? [{ path: [kind, place, 'id'], message: `There is another one of the id ${id} above` }]
        : [],
    );
  return [
    ...twice('rules', rules),
    ...twice('channels', channels),
    ...twice('routes', routes),
    ...[excessOf([], rules)].flatMap((excess) =>
      excess === undefined ? [] : [{ path: ['rules'], message: excess.message }],
    ),
    ...rules.flatMap(({ id }, place) =>
      id === BUILT_IN_RULE_ID
        ? [
            {
              path: ['rules', place, 'id'],
              message: `${id} is the rule of ALERT_CPU_THRESHOLD: choose another id`,
            },
          ]
        : [],
    ),
    ...routes.flatMap((route, place) =>
      (
        [
          [['channels'], route.channels],
          [['escalate', 'channels'], route.escalate?.channels ?? []],
        ] as const
      ).flatMap(([field, ids]) =>
        ids.flatMap((id, at) =>
          known.has(id)
            ? []
            : [{ path: ['routes', place, ...field, at], message: `There is no channel ${id} in this file` }],
        ),
      ),
    ),
  ];
}

/** Where the value at a path begins, or the last part of the way that is there: of a field, its name. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let at: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const step of path) {
    if (isAlias(at)) at = at.resolve(document);
    let name: unknown;
    if (isMap(at)) {
      const pair = at.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      [name, at] = [pair?.key, pair?.value];
    } else if (isSeq(at)) {
      at = at.items[Number(step)];
      name = at;
    } else return offset;
    if (!isNode(name) || !name.range) return offset;
    offset = name.range[0];
  }
  return offset;
}

function fieldOf(path: Path): string {
  return path
    .map((step, place) => (typeof step === 'number' ? `[${step}]` : place === 0 ? step : `.${step}`))
    .join('');
}
