import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { SETTINGS } from '../../../core/config.ts';
import { QUEUE_NAMES } from '../../../core/contracts/queues.ts';

const names = Object.keys(SETTINGS);

describe('.env.example', () => {
  test('has every setting with its default, and two for the ways to deploy', async () => {
    const text = await readFile('.env.example', 'utf8');
    const given = Object.fromEntries(
      [...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    const expected = Object.fromEntries(
      Object.entries(SETTINGS).map(([name, setting]) => [name, setting.default]),
    );
    // Empty, because a host that is named keeps `npm start` from running a Redis of its own.
    expect(given).toEqual({ ...expected, REDIS_HOST: '', POSTGRES_PASSWORD: '', API_INSTANCES: '2' });
  });
});

describe('docker-compose.yml', () => {
  /** What the containers are given no choice of: where they listen, where their stores are, and faults on purpose. */
  const FIXED = ['HOST', 'PORT', 'REDIS_URL', 'REDIS_PORT', 'REDIS_DB', 'WORKER_PORT', 'FAILPOINTS'];

  test('hands every setting on, and nothing else', async () => {
    const text = await readFile('docker-compose.yml', 'utf8');
    const [, block = ''] = /environment: &environment\n((?: {4}\S.*\n)+)/.exec(text) ?? [];
    const handedOn = [...block.matchAll(/^ {4}([A-Z0-9_]+):/gm)].map(([, name = '']) => name);
    expect(handedOn.sort()).toEqual(names.filter((name) => !FIXED.includes(name)).sort());
  });
});

interface App {
  name: string;
  exec_mode: string;
  args?: string;
  wait_ready: boolean;
  kill_timeout: number;
  env: Record<string, unknown>;
}

async function appsWith(env: Record<string, string>): Promise<App[]> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    // Read anew for each environment.
    const file = `../../../ecosystem.config.js?${JSON.stringify(env)}`;
    return ((await import(file)) as { apps: App[] }).apps;
  } finally {
    process.env = before;
  }
}

describe('ecosystem.config.js', () => {
  test('has an app for the API and one for each role', async () => {
    const apps = await appsWith({});
    expect(apps.map(({ name, args }) => `${name} ${args ?? ''}`.trim())).toEqual([
      'api',
      ...QUEUE_NAMES.map((role) => `worker-${role} --roles ${role}`),
    ]);
    expect(apps.map(({ exec_mode }) => exec_mode)).toEqual(['cluster', ...QUEUE_NAMES.map(() => 'fork')]);
    expect(apps.every(({ wait_ready }) => wait_ready)).toBe(true);
  });

  test('kills later than a process drains', async () => {
    const [byDefault] = await appsWith({});
    const [slow] = await appsWith({ DRAIN_SECONDS: '60' });
    expect([byDefault?.kill_timeout, slow?.kill_timeout]).toEqual([15_000, 65_000]);
  });

  test('gives each role a range of ports of its own', async () => {
    const apps = await appsWith({ WORKER_PORT: '8100' });
    const ports = QUEUE_NAMES.map((_, index) => 8100 + 10 * index);
    expect(apps.map(({ env }) => env['WORKER_PORT'])).toEqual([undefined, ...ports]);
  });
});
