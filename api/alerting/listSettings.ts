import type { Channel, NotificationRoute } from '../../core/contracts/alerting/notification.ts';
import type { AlertRule, AlertRuleBody } from '../../core/contracts/alerting/rule.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { SettingRow, SettingRows } from '../../core/stores/postgres/settingRows.ts';
import type { Alerting } from './alerting.ts';

/** A channel or a route, with what whoever changes it has to know. */
export interface Entry<Body> {
  body: Body;
  /** 0 for what the file has. */
  version: number;
  source: 'file' | 'api';
}

/** Those of the file first, then what operators made, in the order of ids. An id that both have is the file's. */
async function entriesOf<Body extends { id: string }>(
  ofFile: Body[],
  rows: SettingRows<Omit<Body, 'id'>> | undefined,
): Promise<Entry<Omit<Body, 'id'> & { id: string }>[]> {
  const taken = new Set(ofFile.map(({ id }) => id));
  const made = (await rows?.list()) ?? [];
  return [
    ...ofFile.map((body) => ({ body, version: 0, source: 'file' as const })),
    ...made
      .filter(({ id }) => !taken.has(id))
      .map(({ id, version, body }) => ({ body: { id, ...body }, version, source: 'api' as const })),
  ];
}

/** Every channel, secrets included. Throws an UnavailableError where a store is away. */
export async function listChannels({ settings, kept }: Alerting): Promise<Entry<Channel>[]> {
  const { channels, file } = await settings.read();
  return entriesOf(
    channels.filter(({ id }) => file.channels.includes(id)),
    kept?.rows.channels,
  );
}

/** Every notification route. Throws an UnavailableError where a store is away. */
export async function listNotificationRoutes({
  settings,
  kept,
}: Alerting): Promise<Entry<NotificationRoute>[]> {
  const { routes, file } = await settings.read();
  return entriesOf(
    routes.filter(({ id }) => file.routes.includes(id)),
    kept?.rows.routes,
  );
}

/**
 * Every rule: that of the environment and those of the file, then what operators made. While PostgreSQL is away, as it was
 * published last: that is what alerts are judged by.
 */
export async function listRules({ settings, kept }: Alerting): Promise<AlertRule[]> {
  const { rules } = await settings.read();
  const made = await madeRules(kept);
  if (made === undefined) return rules;
  const given = rules.filter(({ source }) => source !== 'api');
  const taken = new Set(given.map(({ id }) => id));
  return [
    ...given,
    ...made
      .filter(({ id }) => !taken.has(id))
      .map(({ id, version, body }) => ({ ...body, id, version, source: 'api' as const })),
  ];
}

/** Undefined where PostgreSQL is away, or there is none. */
async function madeRules(kept: Alerting['kept']): Promise<SettingRow<AlertRuleBody>[] | undefined> {
  try {
    return await kept?.rows.rules.list();
  } catch (error) {
    if (error instanceof UnavailableError) return undefined;
    throw error;
  }
}
