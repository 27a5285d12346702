import { channelEndpoints } from '../../core/contracts/endpoints/channels.ts';
import { ConflictError } from '../../core/errors.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';
import type { Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { changedTarget, refuseTarget } from './channelTarget.ts';
import { channelView, withoutSecrets } from './channelView.ts';
import { listChannels, listNotificationRoutes } from './listSettings.ts';
import { settingRoutes } from './resource.ts';

/** An e-mail to fifty, or the longest address and secret, in escapes. */
const MAX_BODY_BYTES = 32 * 1024;

/** `/api/alert-channels`: where messages go, without what is secret. */
export function channelRoutes(alerting: Alerting): Route[] {
  const { settings, allowedHosts } = alerting;
  return settingRoutes(alerting, {
    endpoints: channelEndpoints,
    readers: 'operator',
    maxBodyBytes: MAX_BODY_BYTES,
    noun: 'channel',
    idInLog: 'channel',
    rows: ({ channels }) => channels,
    async list() {
      const entries = await listChannels(alerting);
      const health = (id: string) => orRedisUnavailable(() => alerting.health.find(id), REDIS_DEADLINE_MS);
      return Promise.all(entries.map(async (entry) => channelView(entry, await health(entry.body.id))));
    },
    listOf: (channels) => ({ channels }),
    view: ({ id, version, body }) => channelView({ body: { id, ...body }, version, source: 'api' }),
    async givenBy(id) {
      const { file } = await settings.read();
      return file.channels.includes(id) ? 'file' : undefined;
    },
    create({ id, ...body }) {
      refuseTarget(body.target, allowedHosts);
      return { id, body };
    },
    replace:
      ({ name, target: sent }) =>
      (current) => {
        const target = changedTarget(current.target, sent);
        refuseTarget(target, allowedHosts);
        return { name, target };
      },
    changed: (id) => orRedisUnavailable(() => alerting.reopenChannel(id), REDIS_DEADLINE_MS),
    async refuseNeeded(id) {
      const users = (await listNotificationRoutes(alerting))
        .filter(({ body: { channels, escalate } }) =>
          [...channels, ...(escalate?.channels ?? [])].includes(id),
        )
        .map(({ body }) => body.id);
      if (users.length > 0)
        throw new ConflictError(
          `The channel ${id} is still used by ${users.length === 1 ? 'the route' : 'the routes'} ${users.join(', ')}: ` +
            'take it out of there first',
        );
    },
    // Of secrets it tells which ones were given anew.
    audited: ({ name, target }) => ({ name, ...withoutSecrets(target) }),
  });
}
