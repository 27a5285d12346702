import { DEFAULT_AGENT_ID } from '../contracts/snapshot.ts';

/**
 * Every key and channel of the service's own in Redis; nothing else spells one. The queues' are BullMQ's, behind the
 * prefixes of `queuePrefix` in core/contracts/queues.ts; Socket.IO's adapter names its channels itself, `socket.io…`.
 *
 * Names and what is stored under them stay as they are: nodes of the version before run beside this one. Keys with the
 * same `{…}` share a slot of a Redis Cluster. Three scripts take keys of several slots, and would fail there with CROSSSLOT:
 * two the timelines of many agents (`timelineKey`), one the three keys of `OPEN_ALERT_KEYS`.
 */

/** Sorted set: known agents, scored with the newest timestamp of each (epoch s). Written with each snapshot; no TTL, pruned. */
export const AGENTS_KEY = 'topline:agents';

/**
 * Sorted set: canonical snapshots of one agent, scored with their timestamps (epoch s). Written by the role timeline; TTL
 * twice the retention.
 *
 * @param metricsKey REDIS_METRICS_KEY, which is the default agent's own
 */
export function timelineKey(metricsKey: string, agentId: string): string {
  return agentId === DEFAULT_AGENT_ID ? metricsKey : `${metricsKey}:${agentId}`;
}

/**
 * Channel: an agent began or ceased to report (JSON). Published by whoever finds that, a worker or an API node.
 *
 * @param metricsChannel REDIS_METRICS_CHANNEL, on which the snapshots are published
 */
export function agentStateChannel(metricsChannel: string): string {
  return `${metricsChannel}:agents`;
}

/** A revisioned hash: whether each agent reports, with its figures of the moment. Written by timeline and API nodes; no TTL. */
export const FLEET_KEYS = { values: '{topline:fleet}:states', due: '{topline:fleet}:due' };

/** Sorted set: agents the API nodes have taken, scored with when one last asked (epoch ms). A week each; no TTL. */
export const KNOWN_AGENTS_KEY = '{topline:fleet}:known';

/** Hash `at`, `since` (epoch ms): when an API node last looked for agents that fell silent. No TTL. */
export const FLEET_LEASE_KEY = '{topline:fleet}:look';

/** A revisioned hash: what alerting remembers of each agent. Written by the role alerts; no TTL. */
export const ALERT_STATE_KEYS = { values: '{topline:alerting}:states', due: '{topline:alerting}:due' };

/** Hash `at`, `since` (epoch ms): when a worker last looked for agents of which nothing comes. No TTL. */
export const ALERT_LEASE_KEY = '{topline:alerting}:look';

/** Hash: labels an operator gave (JSON) by agent, and ` version`. Written by the API, read by the role alerts; no TTL. */
export const OPERATOR_LABELS_KEY = '{topline:alerting}:labels';

/** A revisioned hash: notification groups, and agents that are silent. Written by the role notify; no TTL. */
export const NOTIFY_GROUP_KEYS = { values: '{topline:telling}:groups', due: '{topline:telling}:due' };

/** String: `<version> <JSON>`, the one document of alerting's settings. Written by the API and its file; no TTL. */
export const ALERTING_SETTINGS_KEY = 'topline:alerting:settings';

/** Channel: a new version of these settings (its number). */
export const ALERTING_SETTINGS_CHANNEL = 'topline:alerting:changed';

/**
 * Written by the role alerts; no TTL, what is over goes after an hour. `open` hash: alerts that are pending or firing (JSON)
 * by id; `closed` hash: of those that are over the last revision by id; `closedAt` sorted set: when they were (epoch s).
 */
export const OPEN_ALERT_KEYS = {
  open: 'topline:alerts:open',
  closed: 'topline:alerts:closed',
  closedAt: 'topline:alerts:closed:at',
};

/** Channel: changes of alerts, a JSON array of them a message. */
export const ALERT_CHANGES_CHANNEL = 'topline:alerts:changes';

/**
 * `said` hash: acknowledgements (JSON) by id of the alert, written by the API; `over` sorted set: those of alerts that are
 * over, and when that was found (epoch ms), written by the role prune. No TTL, pruned a day later.
 */
export const ACKNOWLEDGEMENT_KEYS = {
  said: 'topline:alerts:acknowledged',
  over: 'topline:alerts:acknowledged:over',
};

/** Hash: SHA-256 of the token of each agent (JSON) by its id, and `#revision`. Written by `npm run agents`; no TTL. */
export const AGENT_TOKENS_KEY = 'topline:agentTokens';

/** Hash: what each API node last said of itself (JSON) by its id. Written by every node; TTL 15 s. */
export const API_NODES_KEY = 'topline:api-nodes';

/** String: when a node last tried whether Redis takes writes (epoch ms). Written by the API's readiness; TTL 60 s. */
export const READY_KEY = 'topline:ready';

/** String: counts the orders of agents that were kept. Written by the API; no TTL. */
export const LISTING_COUNT_KEY = 'topline:listings';

/** String: an order of agents (JSON). Written by the API; TTL 300 s after it was last read. */
export const listingKey = (place: number): string => `topline:listing:${place}`;

/** Hash `index`, `current`, `previous`: a sliding window. Written by the API; TTL two windows. */
export const rateKey = (name: string): string => `topline:rate:${name}`;

/** String: how a message was delivered (JSON). Written by the role deliver; TTL an hour. */
export const deliveredKey = (id: string): string => `topline:delivered:${id}`;

/** Hash: what became of parts of a message (JSON) by whom they are to. Written by the role deliver; TTL two days. */
export const deliveredPartsKey = (id: string): string => `topline:delivered:${id}:parts`;

/** String: what became of a test message (JSON). Written by the role deliver; TTL 60 s. */
export const testOutcomeKey = (id: string): string => `topline:tested:${id}`;

/** String: how a channel does (JSON). Written by the role deliver; TTL a week. */
export const channelHealthKey = (id: string): string => `topline:channel:${id}:health`;

/** String: how often a channel was opened by hand, or changed. Written by the API and the role deliver; TTL a week. */
export const channelOpeningsKey = (id: string): string => `topline:channel:${id}:openings`;

/** Hash: what was last said of each alert of a rule on an agent to a channel. Written by the role deliver; TTL two days. */
export const messageOrderKey = (channelId: string, ruleId: string, agentId: string): string =>
  `topline:order:{${channelId}}:${ruleId}:${agentId}`;
