import { z } from 'zod';
import type { Channel, NotificationRoute } from '../contracts/alerting/notification.ts';
import { type AlertRule, type AlertRuleBody } from '../contracts/alerting/rule.ts';
import { alertingSettingsSchema } from '../contracts/alerting/settings.ts';
import type { Maintenance, Silence } from '../contracts/alerting/silence.ts';

/** What a file says of alerting. */
export interface FileSettings {
  rules: ({ id: string } & AlertRuleBody)[];
  channels: Channel[];
  routes: NotificationRoute[];
}

/** What operators made. */
export interface OperatorSettings {
  rules: ({ id: string; version: number } & AlertRuleBody)[];
  channels: Channel[];
  routes: NotificationRoute[];
  maintenance: Maintenance[];
  /** Those that are not over. */
  silences: Silence[];
}

/** The document as it is kept: who evaluates or notifies by it does not ask what comes from where. */
export const storedSettingsSchema = alertingSettingsSchema.extend({
  /** Ids of what comes from a file, and so cannot be changed by request. */
  file: z.object({ channels: z.array(z.string()), routes: z.array(z.string()) }),
});

export type StoredSettings = z.output<typeof storedSettingsSchema>;

/** What the next document is to be made of. What is undefined stays as it is in the document before. */
export interface SettingsParts {
  builtIn: AlertRule | undefined;
  file: FileSettings | undefined;
  operator: OperatorSettings | undefined;
}

const NOTHING: StoredSettings = {
  version: 0,
  rules: [],
  silences: [],
  maintenance: [],
  channels: [],
  routes: [],
  file: { channels: [], routes: [] },
};

/**
 * Puts the document together. Where an id is in the file and made by an operator too, the file's counts; `shadowed` says
 * which those are. The version is that of the document before: whoever keeps it gives it the next one.
 */
export function putTogether(
  before: StoredSettings = NOTHING,
  { builtIn, file, operator }: SettingsParts,
): { settings: StoredSettings; shadowed: string[] } {
  const rulesOf = (source: AlertRule['source']) => before.rules.filter((rule) => rule.source === source);
  const isOfFile = (kind: 'channels' | 'routes') => (one: { id: string }) =>
    before.file[kind].includes(one.id);

  const given = {
    rules: file?.rules.map((rule) => ownRule(rule, 'file', before)) ?? rulesOf('file'),
    channels: file?.channels ?? before.channels.filter(isOfFile('channels')),
    routes: file?.routes ?? before.routes.filter(isOfFile('routes')),
  };
  const made = {
    rules: operator?.rules.map((rule) => ({ ...rule, source: 'api' as const })) ?? rulesOf('api'),
    channels: operator?.channels ?? before.channels.filter((one) => !isOfFile('channels')(one)),
    routes: operator?.routes ?? before.routes.filter((one) => !isOfFile('routes')(one)),
  };
  const fixed = builtIn === undefined ? rulesOf('built_in') : [ownRule(builtIn, 'built_in', before)];
  const rules = united('rule', [...fixed, ...given.rules], made.rules);
  const channels = united('channel', given.channels, made.channels);
  const routes = united('route', given.routes, made.routes);
  return {
    settings: {
      version: before.version,
      rules: rules.all,
      silences: operator?.silences ?? before.silences,
      maintenance: operator?.maintenance ?? before.maintenance,
      channels: channels.all,
      routes: routes.all,
      file: { channels: given.channels.map(({ id }) => id), routes: given.routes.map(({ id }) => id) },
    },
    shadowed: [...rules.shadowed, ...channels.shadowed, ...routes.shadowed],
  };
}

/** A rule that nobody counts the changes of: its version goes on from the one before where it is another now. */
function ownRule(
  rule: { id: string } & AlertRuleBody,
  source: 'built_in' | 'file',
  before: StoredSettings,
): AlertRule {
  const known = before.rules.find(({ id }) => id === rule.id);
  if (known === undefined) return { ...rule, version: 1, source };
  const same = { ...rule, version: known.version, source };
  return isSame(same, known) ? known : { ...same, version: known.version + 1 };
}

function united<T extends { id: string }>(
  noun: string,
  given: T[],
  made: T[],
): { all: T[]; shadowed: string[] } {
  const givenIds = new Set(given.map(({ id }) => id));
  return {
    all: [...given, ...made.filter(({ id }) => !givenIds.has(id))],
    shadowed: made.flatMap(({ id }) => (givenIds.has(id) ? [`${noun} ${id}`] : [])),
  };
}

/** Whether two values are the same as JSON, in whichever order their fields are. */
export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
