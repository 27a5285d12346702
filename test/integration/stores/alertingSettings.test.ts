import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { builtInRule } from '../../../core/alerting/builtInRule.ts';
import type { FileSettings } from '../../../core/alerting/settingsDocument.ts';
import { newRuleSchema, ruleBodySchema } from '../../../core/contracts/alerting/rule.ts';
import { silenceSchema } from '../../../core/contracts/alerting/silence.ts';
import { openPrisma } from '../../../core/platform/prisma.ts';
import { createAlertingPublisher, type AlertingPublisher } from '../../../core/stores/alertingPublisher.ts';
import { ALERTING_SETTINGS_CHANNEL } from '../../../core/stores/keys.ts';
import { createAlertingRows, type AlertingRows } from '../../../core/stores/postgres/alertingRows.ts';
import {
  createAlertingSettingsCopy,
  createAlertingSettingsStore,
  type AlertingSettingsStore,
} from '../../../core/stores/redis/alertingSettings.ts';
import { createSilenceStore } from '../../../core/stores/postgres/silences.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, silentLog, snapshotIdOf, type TestHistory } from '../../support/history.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

const ACTOR = { role: 'operator', address: '10.0.0.1' };
const change = { actor: ACTOR, audited: {} };
const rule = (name: string) => ruleBodySchema.parse({ name, condition: { kind: 'agent_silent' } });
const fileOf = (...ids: string[]): FileSettings => ({
  rules: ids.map((id) => newRuleSchema.parse({ id, name: id, condition: { kind: 'agent_silent' } })),
  channels: [],
  routes: [],
});
const BUILT_IN = builtInRule({ threshold: 90, durationSeconds: 10 });

let history: TestHistory;
let server: TestRedis;
let redis: Redis;
let rows: AlertingRows;
let store: AlertingSettingsStore;
const shadowed: string[][] = [];
beforeAll(async () => {
  [history, server] = await Promise.all([createTestHistory(), startTestRedis()]);
  redis = new Redis(server.url, { replyMapping: 'legacy' });
  store = createAlertingSettingsStore(redis);
  rows = createAlertingRows(history);
});
afterAll(async () => {
  redis.disconnect();
  await Promise.all([history.close(), server.close()]);
});
beforeEach(async () => {
  await redis.flushall();
  await history.prisma.$executeRawUnsafe('TRUNCATE topline_alert_rules, topline_silences');
});

function publisherOf(
  options: Partial<Parameters<typeof createAlertingPublisher>[0]> = {},
): AlertingPublisher {
  return createAlertingPublisher({
    store,
    operator: { rows, silences: createSilenceStore(history) },
    builtIn: BUILT_IN,
    file: undefined,
    onShadowed: (ids) => shadowed.push(ids),
    ...options,
  });
}

/** A worker's: it knows the environment only. */
const workerOf = (threshold: number) =>
  publisherOf({ operator: 'elsewhere', builtIn: builtInRule({ threshold, durationSeconds: 10 }) });

const published = async () =>
  (await store.read()).settings?.rules.map(({ id, version, source }) => `${id} ${version} ${source}`);

describe('what is published', () => {
  test('is the rule of the environment, those of the file, and those of operators', async () => {
    await rows.rules.create('made', rule('Made'), change);
    await publisherOf({ file: fileOf('written') }).refresh('file');
    expect(await published()).toEqual(['cpu_threshold_duration 1 built_in', 'written 1 file', 'made 1 api']);
  });

  test('stays as it is, and tells nobody, where nothing has changed', async () => {
    const publisher = publisherOf();
    const first = await publisher.refresh('file');
    expect(await publisher.refresh('file')).toEqual(first);
    await rows.rules.create('made', rule('Made'), change);
    expect((await publisher.refresh()).version).toBeGreaterThan(first.version);
  });

  test('has silences until they are over', async () => {
    const silences = createSilenceStore(history);
    const silence = silenceSchema.parse({
      id: snapshotIdOf(1),
      match: {},
      starts_at: nowSeconds() - 10,
      ends_at: nowSeconds() + 100,
      author: 'eve',
    });
    await silences.create(silence, ACTOR);
    expect((await publisherOf().refresh()).silences).toEqual([silence]);
    await silences.expire(silence.id, nowSeconds(), ACTOR);
    expect((await publisherOf().refresh()).silences).toEqual([]);
  });

  test('of twenty nodes that change something at once lacks nothing at the end', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const publisher = publisherOf();
        await rows.rules.create(`r${i}`, rule(`R${i}`), change);
        await publisher.refresh();
      }),
    );
    expect(await published()).toHaveLength(21);
  });

  test('is told on a channel', async () => {
    const ear = new Redis(server.url, { replyMapping: 'legacy' });
    const told: string[] = [];
    ear.on('message', (_, version: string) => told.push(version));
    await ear.subscribe(ALERTING_SETTINGS_CHANNEL);
    const { version } = await publisherOf().refresh();
    await waitFor(() => told.length > 0);
    expect(told).toEqual([String(version)]);
    ear.disconnect();
  });
});

describe('rules nobody counts the changes of', () => {
  test('get a new version when they change, and keep it when they do not', async () => {
    await workerOf(90).refresh('built_in');
    await workerOf(90).refresh('built_in');
    expect(await published()).toEqual(['cpu_threshold_duration 1 built_in']);
    await workerOf(80).refresh('built_in');
    await publisherOf({ file: fileOf('a') }).refresh('file');
    await publisherOf({ file: { ...fileOf('a', 'b') } }).refresh('file');
    expect(await published()).toEqual(['cpu_threshold_duration 2 built_in', 'a 1 file', 'b 1 file']);
  });

  test('of the environment are the workers’ to say, who judge by them, and of the file the API’s', async () => {
    await publisherOf({ file: fileOf('a') }).refresh('file');
    await workerOf(80).refresh('built_in');
    await publisherOf().refresh();
    const { settings } = await store.read();
    expect(settings?.rules[0]?.condition).toEqual({ kind: 'cpu', at_or_above: 80 });
    expect(await published()).toEqual(['cpu_threshold_duration 2 built_in', 'a 1 file']);
    await publisherOf({ file: undefined }).refresh('file');
    expect(await published()).toEqual(['cpu_threshold_duration 2 built_in']);
  });

  test('win over an operator’s of the same id, who is told of it, and come back to it when they are gone', async () => {
    await rows.rules.create('a', rule('Made'), change);
    await publisherOf({ file: fileOf('a') }).refresh('file');
    expect(await published()).toEqual(['cpu_threshold_duration 1 built_in', 'a 1 file']);
    expect(shadowed.at(-1)).toEqual(['rule a']);
    await publisherOf().refresh('file');
    expect(await published()).toEqual(['cpu_threshold_duration 1 built_in', 'a 1 api']);
  });
});

describe('with a store away', () => {
  test('or without PostgreSQL at all, a node takes nothing away that others have made', async () => {
    await rows.rules.create('ours', rule('Ours'), change);
    await publisherOf().refresh('file');
    const bare = publisherOf({ operator: 'elsewhere', file: fileOf('given') });
    const { rules } = await bare.refresh('file');
    expect(rules.map(({ id }) => id)).toEqual([BUILT_IN.id, 'given', 'ours']);
  });

  test('PostgreSQL: the last document counts', async () => {
    await rows.rules.create('made', rule('Made'), change);
    await publisherOf().refresh();
    const prisma = openPrisma({
      dsn: 'postgresql://nobody@127.0.0.1:1/none',
      log: silentLog,
      applicationName: 'test',
      poolSize: 1,
    });
    const away = { prisma: prisma.handle, table: 'metrics_snapshots' };
    const operator = { rows: createAlertingRows(away), silences: createSilenceStore(away) };
    await publisherOf({ operator, file: fileOf('a') }).refresh('file');
    expect(await published()).toEqual(['cpu_threshold_duration 1 built_in', 'a 1 file', 'made 1 api']);
    await prisma.close();
  });

  test('a Redis that lost everything has all of it again, under a version nobody had', async () => {
    await rows.rules.create('made', rule('Made'), change);
    const before = await publisherOf().refresh();
    await redis.flushall();
    await workerOf(90).refresh();
    expect(await published()).toEqual(['cpu_threshold_duration 1 built_in']);
    const after = await publisherOf().refresh();
    expect(after.rules).toEqual(before.rules);
    expect(after.version).toBeGreaterThan(before.version);
  });

  test('a document that cannot be read is replaced', async () => {
    await redis.set('topline:alerting:settings', '7 {"rules": "?"}');
    expect((await publisherOf().refresh()).version).toBeGreaterThan(7);
  });
});

describe('a copy at hand', () => {
  test('is asked for once, follows a change, and says where there is none', async () => {
    let now = 0;
    const copy = createAlertingSettingsCopy(store, { nowMs: () => now });
    await expect(Promise.resolve(copy.current())).rejects.toMatchObject({ name: 'UnavailableError' });
    await publisherOf().refresh();
    expect((await copy.current()).rules).toHaveLength(1);
    await rows.rules.create('made', rule('Made'), change);
    await publisherOf().refresh();
    now = 1_500;
    // This look is behind the back of whoever asks.
    void copy.current();
    await waitFor(async () => (await copy.current()).rules.length === 2);
  });
});
