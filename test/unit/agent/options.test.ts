import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reporterIdSchema } from '../../../core/contracts/snapshot.ts';
import { parseLabel } from '../../../core/contracts/labels.ts';
import { HELP } from '../../../agent/help.ts';
import { parseArguments } from '../../../agent/options.ts';

const parse = (args: string[], env: Record<string, string> = {}) =>
  parseArguments(args, env, 'db-01.example');

function optionsOf(args: string[], env: Record<string, string> = {}) {
  const parsed = parse(args, env);
  if (parsed.kind !== 'run') throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

function faultsOf(args: string[], env: Record<string, string> = {}): string[] {
  const parsed = parse(args, env);
  return parsed.kind === 'faults' ? parsed.faults : [];
}

describe('options', () => {
  test('have defaults that suit a server on this machine', () => {
    expect(optionsOf([])).toEqual({
      endpoint: 'http://127.0.0.1:8000/ingest/metrics',
      agentId: 'db-01.example',
      intervalMs: 2000,
      token: undefined,
      labels: '',
      bufferSize: 900,
      disk: {
        directory: join(homedir(), '.local/state/topline-agent/db-01.example@127.0.0.1_8000'),
        maxBytes: 64 * 1024 * 1024,
        root: join(homedir(), '.local/state/topline-agent'),
      },
      drainPaceMs: 600,
    });
  });

  test('can all be set, with a value behind a space or a =', () => {
    const args = ['--url=https://t.example/top/', '--id', 'web-01', '--interval=2.5', '--token', 's3cret'];
    const buffer = ['--buffer-size', '10', '--buffer-dir', '/var/lib/topline', '--buffer-mb', '5'];
    expect(optionsOf([...args, ...buffer, '--drain-per-minute', '60'])).toEqual({
      endpoint: 'https://t.example/top/ingest/metrics',
      agentId: 'web-01',
      intervalMs: 2500,
      token: 's3cret',
      labels: '',
      bufferSize: 10,
      disk: {
        directory: '/var/lib/topline',
        maxBytes: 5 * 1024 * 1024,
        root: join(homedir(), '.local/state/topline-agent'),
      },
      drainPaceMs: 1000,
    });
  });

  test('keep a buffer for each agent and server where the system wants it, or none', () => {
    const directoryOf = (args: string[], env: Record<string, string>) => optionsOf(args, env).disk?.directory;
    const args = ['--id', 'a:b', '--url', 'https://t.example:8443/top'];
    expect(directoryOf(args, { XDG_STATE_HOME: '/state' })).toBe(
      '/state/topline-agent/a_b@t.example_8443_top',
    );
    expect(directoryOf(args, { STATE_DIRECTORY: '/var/lib/topline:/x', XDG_STATE_HOME: '/state' })).toBe(
      '/var/lib/topline/a_b@t.example_8443_top',
    );
    expect(optionsOf(['--no-buffer']).disk).toBeUndefined();
  });

  test('take the token from the environment unless it is given, and an empty one as none', () => {
    expect(optionsOf([], { AGENT_API_TOKEN: 'env' }).token).toBe('env');
    expect(optionsOf(['--token', 'arg'], { AGENT_API_TOKEN: 'env' }).token).toBe('arg');
    expect(optionsOf(['--token='], { AGENT_API_TOKEN: '' }).token).toBeUndefined();
  });

  test('take labels as often as they are given, else from the environment', () => {
    expect(optionsOf(['--label', 'env=prod', '--label=role=web']).labels).toBe('env=prod,role=web');
    expect(optionsOf([], { AGENT_LABELS: 'env=prod, role=web' }).labels).toBe('env=prod,role=web');
    expect(optionsOf(['--label', 'a=b'], { AGENT_LABELS: 'env=prod' }).labels).toBe('a=b');
    expect(optionsOf([], { AGENT_LABELS: '' }).labels).toBe('');
  });

  test.each([
    [['--label', 'env'], {}, /^--label must be key=value.*not "env"$/],
    [['--label', 'env=a b'], {}, /^--label must be key=value/],
    [['--label', 'a=b', '--label', 'a=c'], {}, /^--label gives a more than once$/],
    [['--label'], {}, /^--label needs a value$/],
    [[], { AGENT_LABELS: 'a=b,c' }, /^AGENT_LABELS must be key=value.*not "c"$/],
    [
      Array.from({ length: 17 }, (_, i) => `--label=k${i}=v`),
      {},
      /^--label gives 17 labels: 16 are the most$/,
    ],
  ])('%j with %j is told', (args, env, fault) => {
    expect(faultsOf(args, env)).toEqual([expect.stringMatching(fault)]);
  });

  test('take as a label exactly what the server does', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z._ :=é,-]{0,6}$/), (text) => {
        if (text.trim() !== text || text.includes(',')) return;
        const taken = parse([`--label=${text}`]).kind === 'run';
        expect(taken).toBe(parseLabel(text) !== undefined);
      }),
    );
  });

  test('--help wins over every fault', () => {
    expect(parse(['--nonsense', '-h']).kind).toBe('help');
  });

  test('--once is told apart', () => {
    expect(parse(['--once']).kind).toBe('once');
  });

  test('are all in the help text', () => {
    for (const option of [
      'url',
      'id',
      'label',
      'interval',
      'token',
      'buffer-size',
      'buffer-dir',
      'buffer-mb',
      'no-buffer',
      'drain-per-minute',
      'once',
      'help',
    ]) {
      expect(HELP).toContain(`--${option}`);
    }
  });
});

describe('faults', () => {
  test('are told all at once', () => {
    const args = [
      '--url',
      'ftp://x',
      '--id',
      'a b',
      '--interval',
      '0',
      '--buffer-size',
      '1.5',
      '--frobnicate',
      'stray',
    ];
    const faults = faultsOf([...args, '--once=yes', '--drain-per-minute']);
    for (const word of [
      '--url',
      '--id',
      '--interval',
      '--buffer-size',
      '--frobnicate',
      'stray',
      '--once',
      '--drain-per',
    ]) {
      expect(faults).toContainEqual(expect.stringContaining(word));
    }
    expect(faults).toHaveLength(8);
  });

  test.each([
    [['--interval', ''], 'number from 1 to 3600'],
    [['--interval', '2s'], 'number from 1 to 3600'],
    [['--interval', '0.5'], 'number from 1 to 3600'],
    [['--buffer-size', 'Infinity'], 'whole number'],
    [['--buffer-mb', '0'], 'whole number from 1'],
    [['--buffer-dir='], '--no-buffer keeps nothing on disk'],
    [['--no-buffer', '--buffer-dir', 'x'], 'goes with neither'],
    [['--id', '--once'], '--id needs a value'],
    [['--id='], '1-128 of A-Z'],
    [['--url', 'localhost:8000'], 'http or https address'],
    [['--url', 'http://me:pw@host'], 'must not hold a user'],
    [['--url', 'http://host/?a=1'], 'must not hold a ?'],
  ])('%j is refused with the way out', (args, message) => {
    expect(faultsOf(args)).toEqual([expect.stringContaining(message)]);
  });

  test('never quote a token', () => {
    expect(faultsOf(['--token', 'canary\n']).join()).not.toContain('canary');
    expect(faultsOf([], { AGENT_API_TOKEN: 'canary\n' })).toEqual([
      expect.stringContaining('AGENT_API_TOKEN'),
    ]);
    expect(faultsOf([], { AGENT_API_TOKEN: 'canary\n' }).join()).not.toContain('canary');
  });
});

test('an id is taken exactly where the contract takes it', () => {
  const id = fc.oneof(
    fc.string({ maxLength: 140 }),
    fc.stringMatching(/^\.{1,3}$/),
    fc.stringMatching(/^[A-Za-z0-9._:-]{1,130}$/),
  );
  fc.assert(
    fc.property(id, (text) => {
      const taken = parse([`--id=${text}`]).kind === 'run';
      expect(taken).toBe(reporterIdSchema.safeParse(text).success);
    }),
  );
});

test('any host name becomes an id', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\.{1,3}$/)), (host) =>
      expect(parseArguments([], {}, host).kind).toBe('run'),
    ),
  );
});
