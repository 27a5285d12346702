import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { assertPortIsFree, reachableUrl } from '../../../scripts/address.ts';
import { agentId } from '../../../scripts/launch.ts';
import { readOptions } from '../../../scripts/upOptions.ts';
import { waitFor } from '../../support/waitFor.ts';

describe('the options of npm start', () => {
  test('have the data in the project and watch this machine by default', () => {
    expect(readOptions([], '/project')).toEqual({ help: false, agent: true, dataDir: '/project/.topline' });
  });
  test('can choose another place and leave the agent out', () => {
    expect(readOptions(['--no-agent', '--data-dir', '/var/data'], '/project')).toMatchObject({
      agent: false,
      dataDir: '/var/data',
    });
  });
  test.each([['--agents'], ['somewhere'], ['--data-dir']])(
    'that do not exist (%s) are refused with a way out',
    (option) => {
      expect(() => readOptions([option], '/project')).toThrow(/--help/);
    },
  );
});

describe('the address', () => {
  test.each([
    ['0.0.0.0', 8000, undefined, 'http://127.0.0.1:8000'],
    ['::', 8000, undefined, 'http://127.0.0.1:8000'],
    ['0.0.0.0', 0, 'http://0.0.0.0:41234', 'http://127.0.0.1:41234'],
    ['192.0.2.7', 8000, 'http://192.0.2.7:8000', 'http://192.0.2.7:8000'],
    ['::1', 8000, undefined, 'http://[::1]:8000'],
  ])('of HOST %s, PORT %s, told as %s, is reached at the last', (host, port, told, url) => {
    expect(reachableUrl({ host, port }, told)).toBe(url);
  });

  test('that is taken is refused with the variable to change', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    const { port } = (await waitFor(() => other.address())) as { port: number };
    await expect(assertPortIsFree({ host: '127.0.0.1', port })).rejects.toThrow(`PORT=${port + 1} npm start`);
    other.close();
    await expect(assertPortIsFree({ host: '192.0.2.1', port: 0 })).rejects.toThrow('HOST ("192.0.2.1")');
    await assertPortIsFree({ host: '127.0.0.1', port: 0 });
  });
});

test.each([
  ['web-1.example.org', 'web-1.example.org'],
  ["Ada's Laptop (2)", 'Ada-s-Laptop--2-'],
  ['ü'.repeat(200), '-'.repeat(128)],
  ['', 'localhost'],
])('the host name %p makes the agent id %p', (host, id) => expect(agentId(host)).toBe(id));
