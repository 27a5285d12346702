import { expect, test } from '@jest/globals';
import { nameTable } from '../../../../core/schema/migrationFiles.ts';
import { quoteName } from '../../../../core/stores/postgres/tableNames.ts';

test('every quoted name that is or begins with the written one is replaced', () => {
  const sql = `CREATE TABLE "metrics_snapshots" ("id" int DEFAULT nextval('"metrics_snapshots_id_seq"'));`;
  expect(nameTable(sql, 'Hosts')).toBe(`CREATE TABLE "Hosts" ("id" int DEFAULT nextval('"Hosts_id_seq"'));`);
});

test('what only looks like it is left alone', () => {
  const sql = 'metrics_snapshots "metrics_snapshotsx" "my_metrics_snapshots" "topline_partitions"';
  expect(nameTable(sql, 'Hosts')).toBe(sql);
});

test('derived names of a long one are cut so that PostgreSQL need not, and stay apart', () => {
  const long = 'a'.repeat(63);
  const names = nameTable(
    '"metrics_snapshots" "metrics_snapshots_pkey" "metrics_snapshots_id_seq"',
    long,
  ).split(' ');
  expect(names).toEqual([`"${long}"`, `"${'a'.repeat(58)}_pkey"`, `"${'a'.repeat(56)}_id_seq"`]);
});

test('a replacement pattern in a name means nothing', () => {
  expect(nameTable('"metrics_snapshots_pkey"', '$1$&')).toBe('"$1$&_pkey"');
});

test('quotes in a name are doubled', () => {
  expect(quoteName('a"b')).toBe('"a""b"');
});
