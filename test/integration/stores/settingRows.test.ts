import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ruleBodySchema } from '../../../core/contracts/alerting/rule.ts';
import { openPrisma } from '../../../core/platform/prisma.ts';
import { createAlertingRows, type AlertingRows } from '../../../core/stores/postgres/alertingRows.ts';
import { createAuditStore, type AuditStore } from '../../../core/stores/postgres/audit.ts';
import { createTestHistory, silentLog, type TestHistory } from '../../support/history.ts';

const ACTOR = { role: 'operator', address: '10.0.0.1' };
const change = { actor: ACTOR, audited: { why: 'test' } };
const rule = (name: string) => ruleBodySchema.parse({ name, condition: { kind: 'cpu', at_or_above: 90 } });

let history: TestHistory;
let rows: AlertingRows;
let audit: AuditStore;
const damaged: string[] = [];
beforeAll(async () => {
  history = await createTestHistory();
  rows = createAlertingRows({ ...history, onDamaged: (table, id) => damaged.push(`${table}/${id}`) });
  audit = createAuditStore(history);
});
afterAll(() => history.close());
beforeEach(() => history.prisma.$executeRawUnsafe('TRUNCATE topline_alert_rules, topline_audit_entries'));

const auditLines = async () =>
  (await audit.list({ limit: 10, beforeId: undefined, target: undefined })).map(
    ({ action, target, address }) => `${action} ${target} ${address}`,
  );

describe('what an operator makes', () => {
  test('is there as it was given, in the order of ids, and goes when it is deleted', async () => {
    await rows.rules.create('b', rule('B'), change);
    await rows.rules.create('a', rule('A'), change);
    expect((await rows.rules.list()).map(({ id, version, body }) => [id, version, body.name])).toEqual([
      ['a', 1, 'A'],
      ['b', 1, 'B'],
    ]);
    await rows.rules.remove('a', 1, ACTOR);
    expect(await rows.rules.find('a')).toBeUndefined();
    expect((await rows.rules.list()).map(({ id }) => id)).toEqual(['b']);
  });

  test('of an id that is taken is refused', async () => {
    await rows.rules.create('a', rule('A'), change);
    await expect(rows.rules.create('a', rule('other'), change)).rejects.toMatchObject({
      name: 'ConflictError',
    });
    expect((await rows.rules.find('a'))?.body.name).toBe('A');
  });

  test('is not overwritten by whoever read it before somebody else changed it', async () => {
    await rows.rules.create('a', rule('A'), change);
    expect(await rows.rules.replace('a', () => rule('A2'), 1, change)).toMatchObject({ version: 2 });
    await expect(rows.rules.replace('a', () => rule('A3'), 1, change)).rejects.toMatchObject({
      name: 'StaleVersionError',
    });
    await expect(rows.rules.remove('a', 1, ACTOR)).rejects.toMatchObject({ name: 'StaleVersionError' });
    expect((await rows.rules.find('a'))?.body.name).toBe('A2');
  });

  test('made anew after it was deleted is another one, for whoever still has the one before', async () => {
    await rows.rules.create('a', rule('A'), change);
    await rows.rules.remove('a', undefined, ACTOR);
    expect((await rows.rules.create('a', rule('new'), change)).version).toBe(3);
    await expect(rows.rules.replace('a', () => rule('old'), 1, change)).rejects.toMatchObject({
      name: 'StaleVersionError',
    });
  });

  test('changed by ten at once keeps every change: each sees the one before', async () => {
    await rows.rules.create('a', rule('0'), change);
    const more = ({ name }: { name: string }) => rule(String(Number(name) + 1));
    await Promise.all(Array.from({ length: 10 }, () => rows.rules.replace('a', more, undefined, change)));
    expect(await rows.rules.find('a')).toMatchObject({ version: 11, body: { name: '10' } });
  });

  test('is written down with who did it from where; what was refused is not', async () => {
    await rows.rules.create('a', rule('A'), change);
    await rows.rules.replace('a', () => rule('A2'), 1, change);
    await expect(rows.rules.replace('a', () => rule('A3'), 1, change)).rejects.toThrow();
    await expect(rows.rules.remove('nobody', undefined, ACTOR)).rejects.toMatchObject({
      name: 'NotFoundError',
    });
    await rows.rules.remove('a', 2, ACTOR);
    expect(await auditLines()).toEqual([
      'alert_rule.deleted a 10.0.0.1',
      'alert_rule.changed a 10.0.0.1',
      'alert_rule.created a 10.0.0.1',
    ]);
  });

  test('that a later version wrote, and this one cannot read, is left out and told of', async () => {
    await rows.rules.create('a', rule('A'), change);
    await history.prisma.$executeRawUnsafe(
      `INSERT INTO topline_alert_rules (id, version, body) VALUES ('later', 1, '{"name": "x", "condition": {"kind": "new"}}')`,
    );
    expect((await rows.rules.list()).map(({ id }) => id)).toEqual(['a']);
    expect(damaged).toContain('rules/later');
  });
});

test('a deleted channel leaves no secret behind', async () => {
  const target = { kind: 'slack', url: 'https://hooks.example/CANARY' } as const;
  await rows.channels.create('ops', { name: 'Ops', target }, change);
  await rows.channels.remove('ops', 1, ACTOR);
  const [left] = await history.prisma.$queryRawUnsafe<{ body: unknown }[]>(
    `SELECT body FROM topline_alert_channels WHERE id = 'ops'`,
  );
  expect(left).toEqual({ body: {} });
});

test('with PostgreSQL away, reading and changing say so in a way worth repeating', async () => {
  const prisma = openPrisma({
    dsn: 'postgresql://nobody@127.0.0.1:1/none',
    log: silentLog,
    applicationName: 'test',
    poolSize: 1,
  });
  const away = createAlertingRows({ prisma: prisma.handle });
  await expect(away.rules.list()).rejects.toMatchObject({ name: 'UnavailableError' });
  await expect(away.rules.create('a', rule('A'), change)).rejects.toMatchObject({ name: 'UnavailableError' });
  await expect(away.rules.replace('a', () => rule('A'), 1, change)).rejects.toMatchObject({
    name: 'UnavailableError',
  });
  await prisma.close();
});

test('the audit is read page by page, newest first, and of one target', async () => {
  for (const target of ['a', 'b', 'a']) {
    await audit.record({ actor: { ...ACTOR, by: 'eve' }, action: 'agent.changed', target, detail: { n: 1 } });
  }
  const [first, ...rest] = await audit.list({ limit: 2, beforeId: undefined, target: undefined });
  expect(first).toMatchObject({ role: 'operator', by: 'eve', target: 'a', detail: { n: 1 } });
  expect(rest.map(({ target }) => target)).toEqual(['b']);
  const older = await audit.list({ limit: 2, beforeId: rest[0]?.id, target: undefined });
  expect(older.map(({ target }) => target)).toEqual(['a']);
  expect(await audit.list({ limit: 9, beforeId: undefined, target: 'a' })).toHaveLength(2);
});
