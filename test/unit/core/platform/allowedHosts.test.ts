import { afterAll, describe, expect, test } from '@jest/globals';
import { refusalOfHost, sortHosts } from '../../../../core/platform/allowedHosts.ts';
import { createConnections } from '../../../../workers/deliver/filteredAgents.ts';
import { post } from '../../../../workers/deliver/post.ts';

const connections = createConnections([]);
afterAll(() => connections.close());

describe('an address that is not one of the internet', () => {
  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '198.18.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[fe80::1]',
    '[fd00::1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ])('%s is refused in the words in which nothing is sent there', async (host) => {
    const refusal = refusalOfHost(host, sortHosts([]));
    expect(refusal).toMatch(/ALERT_ALLOWED_HOSTS/);
    // As it stands in an address: the shortest way to write it.
    const { hostname } = new URL(`http://${host}`);
    const outcome = await post({ url: `http://${host}:9/`, headers: {}, body: '{}' }, connections);
    expect(outcome).toMatchObject({ result: 'failed', detail: refusalOfHost(hostname, sortHosts([])) });
  });

  test.each([['127.0.0.1'], ['127.0.0.0/8'], ['10.0.0.0/8', '::1/128', '127.0.0.0/30']])(
    'is not where %s is allowed',
    (...allowed) => {
      expect(refusalOfHost('127.0.0.1', sortHosts(allowed))).toBeUndefined();
      expect(refusalOfHost('192.168.0.1', sortHosts(allowed))).toBeDefined();
    },
  );

  test('is by what is no range, and by the name of a host that has it', () => {
    const allowed = sortHosts(['127.0.0.1/99', 'nonsense/8', 'localhost']);
    expect(refusalOfHost('127.0.0.1', allowed)).toBeDefined();
  });
});

test('one of the internet, and every name, is left to whoever connects', () => {
  for (const host of ['93.184.216.34', '[2606:4700::1111]', 'localhost', 'hooks.example.com', '127.1'])
    expect(refusalOfHost(host, sortHosts([]))).toBeUndefined();
});
